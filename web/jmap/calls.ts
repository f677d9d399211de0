// Method calls with the types of what they take and give, and references from one to another (RFC 8620 §3.7).

import type { Asked, MethodName, Methods, Picked } from "./types.js";

declare const stands: unique symbol;

/** What a call takes from the answer of one before it. */
export interface ResultReference<T> {
  resultOf: string;
  name: MethodName;
  path: string;
  /** Never there: the type of what it stands for. */
  readonly [stands]?: T;
}

type RequiredKey<A> = { [K in keyof A]-?: {} extends Pick<A, K> ? never : K }[keyof A];
type Needed<A, K extends keyof A = RequiredKey<A>> = (
  K extends string ? (given: Pick<A, K> | { [R in `#${K}`]: ResultReference<A[K]> }) => void : never
) extends (given: infer All) => void ? All : never;

/** What a method takes: each argument itself, or under "#" and its name a reference. */
export type Arguments<N extends MethodName> = Partial<Methods[N]["arguments"]> &
  { [K in keyof Methods[N]["arguments"] & string as `#${K}`]?: ResultReference<Methods[N]["arguments"][K]> } & Needed<Methods[N]["arguments"]>;

type Asking<N extends MethodName> = Methods[N] extends { object: infer T } ? readonly Asked<T>[]
  : Methods[N]["arguments"] extends infer A ? ("properties" extends keyof A ? A["properties"] : never)
  : never;

/** What a method gives; of a /get that names properties those alone, and the id. */
export type Answer<N extends MethodName, P> = Methods[N] extends { object: infer T; answer: infer R }
  ? P extends readonly (infer Name)[]
    ? Omit<R, "list"> & { list: Picked<T, (Name | "id") & keyof T>[] }
    : R
  : Methods[N]["answer"];

type Items<T> = T extends readonly (infer I)[] ? I : T;
type Step<T, Name extends string, Rest extends string> = T extends readonly (infer I)[]
  ? Name extends "*" ? Items<At<I, Rest>>[] : At<I, Rest>
  : Name extends keyof T ? At<T[Name], Rest> : never;

/** What a path leads to in an answer; never for one that leads nowhere. */
export type At<T, Path extends string> = Path extends ""
  ? T
  : Path extends `/${infer Name}/${infer Rest}` ? Step<NonNullable<T>, Name, `/${Rest}`>
  : Path extends `/${infer Name}` ? Step<NonNullable<T>, Name, "">
  : never;

let calls = 0;

/** One method call. */
export class Call<N extends MethodName, P = undefined> {
  readonly id = `c${++calls}`;

  constructor(
    readonly name: N,
    readonly args: object,
  ) {}

  /** A reference to what a path leads to in the answer, such as "/ids" or "/list/0/threadId". The call has to be in the same request, before. */
  ref<const Path extends string>(path: [At<Answer<N, P>, Path>] extends [never] ? never : Path): ResultReference<At<Answer<N, P>, Path>> {
    return { resultOf: this.id, name: this.name, path };
  }
}

/** A call of a method, for Client.request. */
export function call<N extends MethodName, const P extends Asking<N> | undefined = undefined>(name: N, args: Arguments<N> & { properties?: P }): Call<N, P> {
  return new Call<N, P>(name, args);
}

/** Any call. */
export type AnyCall = Pick<Call<MethodName, unknown>, "id" | "name" | "args">;

/** What calls give, in their order. */
export type Answers<C extends readonly AnyCall[]> = { -readonly [I in keyof C]: C[I] extends Call<infer N, infer P> ? Answer<N, P> : never };
