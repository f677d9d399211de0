// Printing of a part of what the page shows: on a paper of its own, without the page around it.

/** A copy of what is looked at, for paper: canvases and pictures of the page become pictures, frames what is in them. */
export async function paperOf(element: HTMLElement): Promise<Node[]> {
  const copy = element.cloneNode(true) as HTMLElement;
  const pairs = <K extends "canvas" | "iframe" | "img">(name: K) => {
    const [from, to] = [element.querySelectorAll(name), copy.querySelectorAll(name)];
    return [...from].map((f, i) => [f, to[i] as HTMLElementTagNameMap[K]] as const);
  };
  const pictures = pairs("img");
  const canvases = pairs("canvas");
  const frames = pairs("iframe");
  for (const [from, to] of canvases) to.replaceWith(pictureOf(from.toDataURL("image/png")));
  for (const [from, to] of pictures) if (from.src.startsWith("blob:")) to.replaceWith(pictureOf(drawn(from).toDataURL("image/png")));
  for (const [from, to] of frames) to.replaceWith(...[...(from.contentDocument?.body.childNodes ?? [])].map((n) => document.importNode(n, true)));
  for (const hidden of copy.querySelectorAll(".textLayer, .pdf-fields, .viewer-bar, .viewer-note, button, [hidden]")) hidden.remove();
  return [...copy.childNodes];
}

function pictureOf(url: string): HTMLImageElement {
  const img = document.createElement("img");
  img.src = url;
  img.alt = "";
  return img;
}

function drawn(img: HTMLImageElement): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = img.naturalWidth;
  canvas.height = img.naturalHeight;
  canvas.getContext("2d")?.drawImage(img, 0, 0);
  return canvas;
}

const patience = 5_000; // milliseconds that pictures have to come

/** Prints nodes on white paper. Resolves when the person is back from the browser's own dialog. */
export function print(nodes: readonly Node[], title: string, remote = false): Promise<void> {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.className = "print-frame";
    frame.title = title;
    frame.tabIndex = -1;
    frame.setAttribute("aria-hidden", "true");
    frame.setAttribute("sandbox", "allow-same-origin allow-modals");
    frame.src = remote ? "/mail/frame-pictures" : "/mail/frame";
    frame.addEventListener("load", async () => {
      const page = frame.contentDocument;
      if (!page) return resolve();
      page.title = title; // heads and feet of the paper show it
      page.body.replaceChildren(...nodes.map((n) => page.importNode(n, true)));
      for (const details of page.querySelectorAll("details")) details.open = true;
      for (const img of page.querySelectorAll("img")) img.loading = "eager";
      const come = Promise.allSettled([...page.querySelectorAll("img")].map((i) => i.decode()));
      await Promise.race([come, new Promise((done) => setTimeout(done, patience))]);
      frame.contentWindow?.print();
      setTimeout(() => frame.remove(), 1_000); // Safari's print does not wait
      resolve();
    });
    document.body.append(frame);
  });
}
