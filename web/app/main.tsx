import { createRoot, type Root } from "react-dom/client";
import { call, Client, RequestError } from "../jmap/client.js";
import { tidy } from "../store/forget.js";
import { isAnyKept } from "../store/kept.js";
import { Mail } from "../store/mail.js";
import { Notices } from "../store/notices.js";
import { go, parse } from "../store/route.js";
import { warm } from "../store/warm.js";
import { onWorker } from "../store/worker.js";
import { Failed } from "./Failed.js";
import { tellGone } from "./offline/sure.js";
import { leaveAfter, watch } from "./session.js";
import { show } from "./show.js";
import "../ui/base.css";
import "./app.css";

async function begin(root: Root): Promise<void> {
  try {
    goOnline(root, await Client.open({ url: location.origin }));
  } catch (error) {
    if (!leaveAfter(error) && !(isAway(error) && (await openKept(root)))) root.render(<Failed error={error} />);
  }
}

/** Shows the mail of the service. */
function goOnline(root: Root, client: Client): Mail {
  const mail = new Mail(client);
  watch(client.session, async () => {
    try {
      await client.one(call("Core/echo", {}), { act: true });
    } catch (error) {
      leaveAfter(error); // else the service is away for a moment
    }
  });
  void lookAfterKept(client, mail).catch(() => {}); // the next page does
  onWorker((path) => go(parse(path, "")));
  warm(mail, parse(location.pathname, location.search));
  show(root, mail);
  return mail;
}

/** What this browser keeps is brought up to date, or goes. */
async function lookAfterKept(client: Client, mail: Mail): Promise<void> {
  await tidy(client.session);
  if (!(await isAnyKept())) return;
  await new Notices(client).renew();
  const { keepOn } = await import("../store/offline/keeping.js");
  await keepOn(client, (why) => tellGone(mail, why));
}

/** Whether it is the service that is away, rather than that it refuses. */
function isAway(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof RequestError && error.status >= 500);
}

/** Opens what this browser keeps of mail. False: it keeps none. */
async function openKept(root: Root): Promise<boolean> {
  if (!(await isAnyKept())) return false;
  const { openOffline } = await import("./offline/open.js");
  return openOffline(root, (client) => goOnline(root, client));
}

const place = document.getElementById("app");
if (place) void begin(createRoot(place));
