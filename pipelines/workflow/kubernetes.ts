/**
 * Kubernetes without other tools: one Indexed Job, in which each index runs one unit. Indices are started in order, and
 * a unit waits for those that it needs, which all have lower numbers.
 *
 * @module
 */
import { RequestError } from "../common/errors.ts";
import { formatYaml } from "../common/yaml.ts";
import type { WorkflowEngine } from "./engine.ts";
import { limitsOf, planFile } from "./work_plan.ts";

/** How long a pod may take to save what it has, in seconds. */
const grace = 90;

/** Writes one Indexed Job. */
export const kubernetes: WorkflowEngine = {
  files: (plan, { command, maxParallel, retries, folder, image, volume }) => {
    if (image === undefined || volume === undefined) {
      throw new RequestError(
        "on Kubernetes units run in containers; give --image with one that contains Refract, and --volume with the claim " +
          "that holds the workflow's folder and the store",
      );
    }
    const { units } = plan, { megabytes, minutes, threads } = limitsOf(plan, units);
    const resources = {
      cpu: String(threads),
      memory: `${megabytes}M`,
      ...plan.provider === "cpu" ? {} : { "nvidia.com/gpu": "1" },
    };
    const job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: plan.pipeline.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-"),
        labels: { "app.kubernetes.io/name": "refract" },
      },
      spec: {
        completionMode: "Indexed",
        completions: units.length,
        parallelism: Math.min(units.length, maxParallel ?? units.length),
        backoffLimitPerIndex: retries,
        activeDeadlineSeconds: 60 * minutes * units.length,
        template: {
          spec: {
            restartPolicy: "Never",
            terminationGracePeriodSeconds: grace,
            containers: [{
              name: "unit",
              image,
              command: [...command, planFile, "$(JOB_COMPLETION_INDEX)", "--wait"],
              workingDir: folder,
              resources: { requests: resources, limits: resources },
              volumeMounts: [{ name: "work", mountPath: sharedFolder(folder, plan.store) }],
            }],
            volumes: [{ name: "work", persistentVolumeClaim: { claimName: volume } }],
          },
        },
      },
    };
    return { "job.yaml": formatYaml(job) };
  },
  start: (folder) => `kubectl apply -f ${folder}/job.yaml`,
};

/** The deepest folder that contains both. */
function sharedFolder(one: string, other: string): string {
  const parts = one.split("/"), others = other.split("/");
  const differs = parts.findIndex((part, at) => part !== others[at]);
  return parts.slice(0, differs === -1 ? undefined : differs).join("/") || "/";
}
