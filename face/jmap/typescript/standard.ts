// Made by face/jmap/typescript from what the face knows of itself: make generate. What is written here by hand is lost.

declare const of: unique symbol;

/** An id (RFC 8620 §1.2), or "#" and a creation id. Ids of one type are none of another; any string may be one. */
export type Id<Of extends string = string> = string & { readonly [of]?: Of };
/** An account of the session. */
export type AccountId = Id<"Account">;
/** A file: what was uploaded, a message, or a part of one. */
export type BlobId = Id<"Blob">;
/** Values by id. */
export type IdMap<I extends Id, V> = Record<I, V>;
/** A whole number from 0 to 2^53-1 (RFC 8620 §1.3). */
export type UnsignedInt = number;
/** A moment, such as 2014-10-30T06:12:00Z (RFC 8620 §1.4). */
export type UTCDate = string;
/** A moment with the offset of its place, such as 2014-10-30T14:12:00+08:00 (RFC 8620 §1.4). */
export type JMAPDate = string;

/** The session resource (RFC 8620 §2). */
export interface Session {
  capabilities: SessionCapabilities;
  accounts: Record<AccountId, Account>;
  primaryAccounts: { [C in Capability]?: AccountId };
  username: string;
  apiUrl: string;
  downloadUrl: string;
  uploadUrl: string;
  eventSourceUrl: string;
  state: string;
  /** Where a page asks: what its further requests say in Haven-Person. */
  havenPerson?: AccountId;
  /** Where a page asks: whether others use the computer too. */
  havenShared?: boolean;
  /** Where a page asks: after how long the session locks if its person does nothing. */
  havenIdleSeconds?: UnsignedInt;
  /** Where a page asks: for how long after it heard the service last it may open what the browser keeps of mail; 0: it keeps none. */
  havenOfflineSeconds?: UnsignedInt;
}

/** An account of a session. */
export interface Account {
  name: string;
  isPersonal: boolean;
  isReadOnly: boolean;
  accountCapabilities: AccountCapabilities;
}

/** What was uploaded (RFC 8620 §6.1). */
export interface Upload {
  accountId: AccountId;
  blobId: BlobId;
  type: string;
  size: UnsignedInt;
}

/** The states of what changed, by account and type (RFC 8620 §7.1). */
export interface StateChange {
  "@type": "StateChange";
  changed: Record<AccountId, { [T in TypeName | "EmailDelivery" | "Session"]?: string }>;
  /** Over a WebSocket (RFC 8887 §4.3.5). */
  pushState?: string;
}

/** Why one object was not created, changed or destroyed (RFC 8620 §5.3). */
export interface SetError {
  type: string;
  description?: string;
  /** Of invalidProperties: which. */
  properties?: string[];
  /** What a type says beyond that. */
  [more: string]: unknown;
}

/** What may be asked of a type. */
export type Asked<T> = keyof T & string;
/** An object with some of its properties, and its id. */
export type Picked<T, P extends keyof T> = { [K in P]: K extends `header:${string}` ? HeaderValue<K> : T[K] };
/** What a service says of an object that it made: its id, and what it set or changed. */
export type Created<T extends { id: Id }> = Partial<T> & Pick<T, "id">;

/** The value of a property header:Name:asForm:all (RFC 8621 §4.1.3). */
export type HeaderValue<P extends string> = P extends `${infer One}:all` ? NonNullable<HeaderForm<One>>[] : HeaderForm<P>;
type HeaderForm<P extends string> =
  P extends `${string}:asAddresses` ? EmailAddress[] | null
  : P extends `${string}:asGroupedAddresses` ? EmailAddressGroup[] | null
  : P extends `${string}:asMessageIds` | `${string}:asURLs` ? string[] | null
  : string | null;
/** The value of any such property. */
export type AnyHeader = string | string[] | EmailAddress[] | EmailAddressGroup[] | (string | string[] | EmailAddress[] | EmailAddressGroup[])[] | null;

/** What a method takes or gives of a type that is in no account (RFC 8620 §7.2). */
export type OfPerson<T> = Omit<T, "accountId" | "state" | "ifInState" | "oldState" | "newState">;

// The standard methods (RFC 8620 §5).

export interface GetArguments<T extends { id: Id }> {
  accountId: AccountId;
  /** null: all. */
  ids?: readonly T["id"][] | null;
  properties?: readonly Asked<T>[] | null;
}

export interface GetAnswer<T extends { id: Id }> {
  accountId: AccountId;
  state: string;
  list: T[];
  notFound: T["id"][];
}

export interface ChangesArguments {
  accountId: AccountId;
  sinceState: string;
  maxChanges?: UnsignedInt | null;
}

export interface ChangesAnswer<T extends { id: Id }> {
  accountId: AccountId;
  oldState: string;
  newState: string;
  hasMoreChanges: boolean;
  created: T["id"][];
  updated: T["id"][];
  destroyed: T["id"][];
}

/** never for Create or Patch: nothing is created, or changed. */
export interface SetArguments<T extends { id: Id }, Create, Patch> {
  accountId: AccountId;
  ifInState?: string | null;
  /** By creation id, for which "#" and it stands in what follows. */
  create?: Record<string, Create> | null;
  update?: IdMap<T["id"], Patch> | null;
  destroy?: readonly T["id"][] | null;
}

export interface SetAnswer<T extends { id: Id }> {
  accountId: AccountId;
  /** null where somebody else changed something meanwhile: what that was, /changes tells. */
  oldState: string | null;
  newState: string;
  created: Record<string, Created<T>> | null;
  updated: IdMap<T["id"], Partial<T> | null> | null;
  destroyed: T["id"][] | null;
  notCreated: Record<string, SetError> | null;
  notUpdated: IdMap<T["id"], SetError> | null;
  notDestroyed: IdMap<T["id"], SetError> | null;
}

export interface CopyArguments<T extends { id: Id }, Create> {
  fromAccountId: AccountId;
  accountId: AccountId;
  ifFromInState?: string | null;
  ifInState?: string | null;
  /** With the id that it has there, and what is to be other. */
  create: Record<string, Partial<Create> & Pick<T, "id">>;
  onSuccessDestroyOriginal?: boolean;
  destroyFromIfInState?: string | null;
}

export interface CopyAnswer<T extends { id: Id }> {
  fromAccountId: AccountId;
  accountId: AccountId;
  oldState: string | null;
  newState: string;
  created: Record<string, Created<T>> | null;
  notCreated: Record<string, SetError> | null;
}

/** Conditions that are all to be true, or an operator over filters (RFC 8620 §5.5). */
export type Filter<Condition> = Condition | { operator: "AND" | "OR" | "NOT"; conditions: Filter<Condition>[] };

export interface Comparator<Property extends string> {
  property: Property;
  /** true where it is not said. */
  isAscending?: boolean;
  collation?: string;
}

export interface QueryArguments<T extends { id: Id }, F, Sort> {
  accountId: AccountId;
  filter?: F | null;
  sort?: readonly Sort[] | null;
  /** From the end, where it is negative. */
  position?: number;
  anchor?: T["id"] | null;
  anchorOffset?: number;
  limit?: UnsignedInt | null;
  calculateTotal?: boolean;
}

export interface QueryAnswer<T extends { id: Id }> {
  accountId: AccountId;
  queryState: string;
  canCalculateChanges: boolean;
  position: UnsignedInt;
  ids: T["id"][];
  total?: UnsignedInt;
  /** Where the service gives less than was asked. */
  limit?: UnsignedInt;
}

export interface QueryChangesArguments<T extends { id: Id }, F, Sort> {
  accountId: AccountId;
  filter?: F | null;
  sort?: readonly Sort[] | null;
  sinceQueryState: string;
  maxChanges?: UnsignedInt | null;
  upToId?: T["id"] | null;
  calculateTotal?: boolean;
}

export interface QueryChangesAnswer<T extends { id: Id }> {
  accountId: AccountId;
  oldQueryState: string;
  newQueryState: string;
  total?: UnsignedInt;
  removed: T["id"][];
  added: { id: T["id"]; index: UnsignedInt }[];
}
