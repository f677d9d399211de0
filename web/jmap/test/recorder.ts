import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";

import type { Invocation, Session } from "../client.js";

type Sent = { methodCalls: [name: string, args: { properties?: string[] }, id: string][] };

const here = new URL("../", import.meta.url); // of what was compiled

/** Keeps what a service answers, to hold it against the types. */
export class Recorder {
  readonly #lines: string[] = [];

  /** A fetch that keeps the answers of requests. */
  readonly fetch: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (response.ok && typeof init?.body === "string" && init.body.includes('"methodCalls"')) {
      this.#keep(JSON.parse(init.body) as Sent, ((await response.clone().json()) as { methodResponses: Invocation[] }).methodResponses);
    }
    return response;
  };

  #keep(sent: Sent, answers: Invocation[]): void {
    for (const [name, says, id] of answers) {
      if (name === "error") continue;
      const call = sent.methodCalls.find(([called, , of]) => called === name && of === id);
      const properties = call?.[1].properties;
      const type = properties ? `readonly ${JSON.stringify(properties)}` : "undefined";
      this.#lines.push(`export const answer${this.#lines.length}: Answer<${JSON.stringify(name)}, ${type}> = ${JSON.stringify(says)};`);
    }
  }

  /** Has the compiler look at all of them: a member too many, one that lacks, and one of another shape is an error. */
  check(session: Session): void {
    const file = new URL(`answers-${process.pid}.ts`, here);
    const head = 'import type { Answer, Session } from "../client.js";';
    writeFileSync(file, [head, `export const session: Session = ${JSON.stringify(session)};`, ...this.#lines].join("\n"));
    const tsc = new URL("../node_modules/.bin/tsc", here).pathname;
    try {
      execFileSync(tsc, ["--ignoreConfig", "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext", "--target", "es2023", "--lib", "es2023,dom,dom.iterable,dom.asynciterable", file.pathname], {
        encoding: "utf8",
        cwd: new URL("../", here),
      });
    } catch (error) {
      assert.fail(`answers that the types do not allow, in ${file.pathname}:\n${(error as { stdout: string }).stdout}`);
    }
    assert.ok(this.#lines.length > 0);
    rmSync(file);
  }
}
