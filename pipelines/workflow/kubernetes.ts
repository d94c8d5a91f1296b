/**
 * Kubernetes without other tools: one Indexed Job, in which each index runs one unit. Indices are started in order, and
 * a unit waits for those that it needs, which all have lower numbers. If one of them fails for good, it ends; units that
 * need neither go on.
 *
 * @module
 */
import { RequestError } from "../common/errors.ts";
import { formatYaml } from "../common/yaml.ts";
import { quote } from "../common/suggest.ts";
import { shellWords, type WorkflowEngine } from "./engine.ts";
import { limitsOf, planFile } from "./work_plan.ts";

/** How long a pod may take to save what it has, in seconds. */
const grace = 90;

/** Writes one Indexed Job. */
export const kubernetes: WorkflowEngine = {
  files: (plan, { command, maxParallel, retries, folder, seen, image, volume }) => {
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
    const place = mountPath(seen);
    const job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: jobName(plan.pipeline),
        labels: { "app.kubernetes.io/name": "refract" },
      },
      spec: {
        completionMode: "Indexed",
        completions: units.length,
        parallelism: Math.min(units.length, maxParallel ?? units.length),
        backoffLimitPerIndex: retries,
        podFailurePolicy: {
          rules: [
            // A pod that a node's drain or preemption ended has not failed.
            { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
            // 2 is an invalid request, which stays invalid.
            { action: "FailIndex", onExitCodes: { containerName: "unit", operator: "In", values: [2] } },
          ],
        },
        activeDeadlineSeconds: 60 * minutes * units.length,
        template: {
          spec: {
            restartPolicy: "Never",
            terminationGracePeriodSeconds: grace,
            containers: [{
              name: "unit",
              image,
              command: [
                ...command.map(escaped),
                planFile,
                "$(JOB_COMPLETION_INDEX)",
                "--wait",
                "--execution=$(JOB_UID)",
                "--failures=$(FAILURES)",
                `--retries=${retries}`,
              ],
              env: [
                variable("JOB_UID", "metadata.labels['batch.kubernetes.io/controller-uid']"),
                variable("FAILURES", "metadata.annotations['batch.kubernetes.io/job-index-failure-count']"),
              ],
              workingDir: folder,
              resources: { requests: resources, limits: resources },
              volumeMounts: [{ name: "work", mountPath: place }],
            }],
            volumes: [{ name: "work", persistentVolumeClaim: { claimName: volume } }],
          },
        },
      },
    };
    return { "job.yaml": formatYaml(job) };
  },
  cautions: (plan, { command, isOwnCommand, seen }) => {
    const place = mountPath(seen);
    return [
      ...isOwnCommand
        ? [`units call ${shellWords(command)} in the image; if it is elsewhere there, give --command`]
        : [],
      ...isBelow(plan.file, place) ? [] : [`the volume at ${place} does not hold ${plan.file}; the image must`],
    ];
  },
  needs: "kubectl, and a cluster of Kubernetes 1.29 or later",
  start: (folder) => `kubectl apply -f ${shellWords([`${folder}/job.yaml`])}`,
};

/** An environment variable with what Kubernetes knows about a pod. */
function variable(name: string, fieldPath: string) {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

/** The longest name of a job: that of its last pod, which appends the index, is a DNS label of at most 63 characters. */
const longestName = 52;

/** A pipeline's name as a DNS label. */
function jobName(pipeline: string): string {
  const label = pipeline.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replace(/^-/, "").slice(0, longestName);
  return label.replace(/-$/, "") || "refract";
}

/** A word of a command in which Kubernetes fills in no variables. */
function escaped(word: string): string {
  return word.replaceAll("$", "$$$$");
}

/**
 * Where the volume is mounted: the deepest folder that contains all others.
 *
 * @throws {RequestError} If a container cannot have a volume there.
 */
function mountPath(seen: readonly string[]): string {
  const place = seen.reduce(sharedFolder);
  if (place === "/") {
    throw new RequestError(
      `a volume is mounted at one folder, but only / contains ${seen.map(quote).join(" and ")}; ` +
        "give --out and --store folders below the same one",
    );
  }
  if (place.includes(":")) {
    throw new RequestError(
      `a volume cannot be mounted at ${quote(place)}, whose path has a colon; choose another folder`,
    );
  }
  return place;
}

/** The deepest folder that contains both. */
function sharedFolder(one: string, other: string): string {
  const parts = one.split("/"), others = other.split("/");
  const differs = parts.findIndex((part, at) => part !== others[at]);
  return parts.slice(0, differs === -1 ? undefined : differs).join("/") || "/";
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}
