/** Which MLflow server to write to. @module */
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { MlflowServer } from "./client.ts";

/** The environment variables that MLflow's own client reads. */
const variables = {
  token: "MLFLOW_TRACKING_TOKEN",
  user: "MLFLOW_TRACKING_USERNAME",
  password: "MLFLOW_TRACKING_PASSWORD",
} as const;

/**
 * The server at an address. A token or a password is taken from the environment, as in MLflow's own client, or a
 * password from the address.
 *
 * @throws {RequestError} If it is not the address of a server.
 */
export function mlflowServer(address: string, experiment: string): MlflowServer {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RequestError(
      `${quote(address)} is not the address of an MLflow server; write it as http://127.0.0.1:5000`,
    );
  }
  const token = variable("token");
  const user = variable("user") ?? decodeURIComponent(url.username);
  const password = variable("password") ?? decodeURIComponent(url.password);
  const basic = user === ""
    ? undefined
    : `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)))}`;
  return {
    address: `${url.origin}${url.pathname}`.replace(/\/+$/, ""),
    authorization: token === undefined ? basic : `Bearer ${token}`,
    experiment,
  };
}

/** An environment variable; `undefined` if the program may not read it. */
function variable(name: keyof typeof variables): string | undefined {
  try {
    return Deno.env.get(variables[name]);
  } catch (fault) {
    if (fault instanceof Deno.errors.NotCapable) return undefined;
    throw fault;
  }
}
