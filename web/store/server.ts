// What the client needs of the service. Tests give one of their own.

import type { Client } from "../jmap/client.js";

export type Server = Pick<Client, "session" | "stale" | "ahead" | "refresh" | "request" | "one" | "send" | "upload" | "download" | "downloadUrl" | "listen">;
