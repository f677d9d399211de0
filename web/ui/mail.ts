import { createContext, useContext, useSyncExternalStore } from "react";
import type { Mail } from "../store/mail.js";

export const MailContext = createContext<Mail | null>(null);

export function useMail(): Mail {
  const mail = useContext(MailContext);
  if (!mail) throw new Error("There is no mail above this component.");
  return mail;
}

/** The session, as it is now. */
export function useSession() {
  const mail = useMail();
  return useSyncExternalStore(mail.watchSession, mail.session);
}
