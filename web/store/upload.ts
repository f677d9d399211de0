// Files on their way to the service, with how far they are. fetch tells no progress of what it sends.

import { RequestError, type AccountId, type BlobId, type Session } from "../jmap/client.js";

export interface Uploading {
  done: Promise<BlobId>;
  cancel: () => void;
}

/** Sends a file to an account. It fails with RequestError, TypeError where there is no connection, or AbortError where it was cancelled. */
export function upload(session: Session, accountId: AccountId, file: Blob, progress: (sent: number) => void): Uploading {
  const request = new XMLHttpRequest();
  const done = new Promise<BlobId>((resolve, reject) => {
    request.open("POST", session.uploadUrl.replace("{accountId}", encodeURIComponent(accountId)));
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    if (session.havenPerson) request.setRequestHeader("Haven-Person", session.havenPerson);
    request.upload.onprogress = (e) => progress(e.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve((JSON.parse(request.responseText) as { blobId: BlobId }).blobId);
      else reject(refusal(request));
    };
    request.onerror = () => reject(new TypeError("There is no connection."));
    request.onabort = () => reject(new DOMException("It was cancelled.", "AbortError"));
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}

function refusal(request: XMLHttpRequest): RequestError {
  try {
    const p = JSON.parse(request.responseText) as { type?: string; detail?: string; title?: string; limit?: string };
    return new RequestError(request.status, p.type ?? "about:blank", p.detail ?? p.title ?? request.statusText, p.limit);
  } catch {
    return new RequestError(request.status, "about:blank", request.statusText);
  }
}
