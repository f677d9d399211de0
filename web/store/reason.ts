import { MethodError, SetFailed } from "../jmap/client.js";

/** What went wrong as the service says it; nothing where it could not be asked. */
export function reason(error: unknown): string {
  if (error instanceof SetFailed || error instanceof MethodError) return error.says.description ?? error.type;
  return error instanceof Error && !(error instanceof TypeError) ? error.message : ""; // fetch throws TypeError where there is no connection
}
