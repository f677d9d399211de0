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

/** What a Mailbox is for. */
export type MailboxRole = "inbox" | "scheduled" | "all" | "archive" | "drafts" | "flagged" | "important" | "junk" | "sent" | "subscribed" | "trash" | "memos" | "snoozed";

/** What urn:ietf:params:jmap:core says of limits (RFC 8620 §2). */
export interface CoreCapability {
  maxSizeUpload: UnsignedInt;
  maxConcurrentUpload: UnsignedInt;
  maxSizeRequest: UnsignedInt;
  maxConcurrentRequests: UnsignedInt;
  maxCallsInRequest: UnsignedInt;
  maxObjectsInGet: UnsignedInt;
  maxObjectsInSet: UnsignedInt;
  collationAlgorithms: string[];
}

/** Where requests and pushes go over a WebSocket (RFC 8887 §3). */
export interface WebSocketCapability {
  url: string;
  supportsPush: boolean;
}

/** What one may do in a Mailbox. */
export interface MailboxRights {
  mayReadItems: boolean;
  mayAddItems: boolean;
  mayRemoveItems: boolean;
  maySetSeen: boolean;
  maySetKeywords: boolean;
  mayCreateChild: boolean;
  mayRename: boolean;
  mayDelete: boolean;
  maySubmit: boolean;
}

/** An address in a field (RFC 8621 §4.1.2.3). */
export interface EmailAddress {
  name: string | null;
  email: string;
}

/** EmailAddress as it is given. */
export interface EmailAddressCreate {
  name?: string | null;
  email: string;
}

/** Addresses that have a name together, or none (RFC 8621 §4.1.2.4). */
export interface EmailAddressGroup {
  name: string | null;
  addresses: EmailAddress[];
}

/** A field of a header as it stands there. */
export interface EmailHeader {
  name: string;
  value: string;
}

/** A part of a message (RFC 8621 §4.1.4). */
export interface EmailBodyPart {
  /** Null for a multipart; where a message is made, what names its text in bodyValues. */
  partId: string | null;
  /** Where a message is made, instead of partId. */
  blobId: BlobId | null;
  /** In octets, decoded. */
  size: UnsignedInt;
  headers?: EmailHeader[];
  /** Of the file. */
  name: string | null;
  /** Such as text/plain. */
  type: string;
  charset: string | null;
  /** Such as attachment or inline. */
  disposition: string | null;
  cid: string | null;
  language: string[] | null;
  location: string | null;
  subParts?: EmailBodyPart[] | null;
  [header: `header:${string}`]: AnyHeader;
}

/** EmailBodyPart as it is given. */
export interface EmailBodyPartCreate {
  /** Null for a multipart; where a message is made, what names its text in bodyValues. */
  partId?: string | null;
  /** Where a message is made, instead of partId. */
  blobId?: BlobId | null;
  /** In octets, decoded. */
  size?: UnsignedInt;
  /** Of the file. */
  name?: string | null;
  /** Such as text/plain. */
  type?: string;
  charset?: string | null;
  /** Such as attachment or inline. */
  disposition?: string | null;
  cid?: string | null;
  language?: string[] | null;
  location?: string | null;
  subParts?: EmailBodyPartCreate[] | null;
  [header: `header:${string}`]: AnyHeader;
}

/** A text of a message (RFC 8621 §4.1.4). */
export interface EmailBodyValue {
  value: string;
  isEncodingProblem: boolean;
  isTruncated: boolean;
}

/** EmailBodyValue as it is given. */
export interface EmailBodyValueCreate {
  value: string;
  isEncodingProblem?: boolean;
  isTruncated?: boolean;
}

/** A message to be made of a file. */
export interface EmailImport {
  blobId: BlobId;
  mailboxIds: IdMap<MailboxId, true>;
  keywords?: Record<string, true>;
  receivedAt?: UTCDate;
}

/** Where a message says what is looked for; <mark> is around it (RFC 8621 §5). */
export interface SearchSnippet {
  emailId: EmailId;
  subject: string | null;
  preview: string | null;
}

/** What urn:ietf:params:jmap:mail says of an account (RFC 8621 §1.3.1). */
export interface MailCapability {
  maxMailboxesPerEmail: UnsignedInt | null;
  maxMailboxDepth: UnsignedInt | null;
  /** In octets. */
  maxSizeMailboxName: UnsignedInt;
  /** In octets. */
  maxSizeAttachmentsPerEmail: UnsignedInt;
  emailQuerySortOptions: string[];
  mayCreateTopLevelMailbox: boolean;
}

/** From whom and to whom a message is sent (RFC 8621 §7). */
export interface Envelope {
  mailFrom: EnvelopeAddress;
  rcptTo: EnvelopeAddress[];
}

/** Envelope as it is given. */
export interface EnvelopeCreate {
  mailFrom: EnvelopeAddressCreate;
  rcptTo: EnvelopeAddressCreate[];
}

/** An address with SMTP's parameters. */
export interface EnvelopeAddress {
  email: string;
  parameters: Record<string, string | null> | null;
}

/** EnvelopeAddress as it is given. */
export interface EnvelopeAddressCreate {
  email: string;
  parameters?: Record<string, string | null> | null;
}

/** What became of a message at one address. */
export interface DeliveryStatus {
  smtpReply: string;
  delivered: "queued" | "yes" | "no" | "unknown";
  displayed: "unknown" | "yes";
}

/** What urn:ietf:params:jmap:submission says of an account (RFC 8621 §1.3.2). */
export interface SubmissionCapability {
  /** In seconds. */
  maxDelayedSend: UnsignedInt;
  submissionExtensions: Record<string, string[]>;
  /** What is sent names the person too, in Sender. */
  havenOnBehalf?: boolean;
}

/** How much there was of what. */
export interface WorkTally {
  /** Threads in which something was to be done from then on. */
  arrived: UnsignedInt;
  answered: UnsignedInt;
  done: UnsignedInt;
  /** Deadlines that passed without done. */
  late: UnsignedInt;
  /** From arrived to done, while the premises was open; null where nothing was done. */
  medianSeconds: UnsignedInt | null;
  /** Within which nine of ten were done. */
  mostSeconds: UnsignedInt | null;
}

/** One day of a report. */
export interface WorkDay {
  /** In London, such as 2026-11-27. */
  day: string;
  isAsked: boolean;
  /** Nobody has made the check, and the time for it is over. */
  isMissed: boolean;
  checkedAt: UTCDate | null;
  checkedBy: AccountId | null;
  checkedByName: string | null;
  /** Threads in which something was to be done from then on. */
  arrived: UnsignedInt;
  answered: UnsignedInt;
  done: UnsignedInt;
  /** Deadlines that passed without done. */
  late: UnsignedInt;
  /** From arrived to done, while the premises was open; null where nothing was done. */
  medianSeconds: UnsignedInt | null;
  /** Within which nine of ten were done. */
  mostSeconds: UnsignedInt | null;
}

/** What there was of one category. */
export interface WorkCategory {
  /** Null: of what has none. */
  category: string | null;
  /** Threads in which something was to be done from then on. */
  arrived: UnsignedInt;
  answered: UnsignedInt;
  done: UnsignedInt;
  /** Deadlines that passed without done. */
  late: UnsignedInt;
  /** From arrived to done, while the premises was open; null where nothing was done. */
  medianSeconds: UnsignedInt | null;
  /** Within which nine of ten were done. */
  mostSeconds: UnsignedInt | null;
}

/** A deadline that passed without done. */
export interface WorkLate {
  threadId: ThreadId;
  rule: string;
  dueAt: UTCDate;
  /** Null while it is not done. */
  endedAt: UTCDate | null;
}

/** How many Threads of a Mailbox there are in each view. */
export interface WorkCounts {
  unassigned: UnsignedInt;
  mine: UnsignedInt;
  others: UnsignedInt;
  done: UnsignedInt;
}

/** That somebody was told of a deadline (docs/jmap-work.md 4). */
export interface WorkStep {
  stage: "warned" | "owners" | "head-office" | "local-team";
  at: UTCDate;
  /** To how many by text. */
  texts: UnsignedInt;
  /** And by letter. */
  letters: UnsignedInt;
}

/** What urn:haven:work says of an account (docs/jmap-work.md 1). */
export interface WorkCapability {
  mayHandle: boolean;
  mayChangeSettings: boolean;
  maySeeReport: boolean;
  maxNotesPerThread: UnsignedInt;
  /** In octets. */
  maxSizeNote: UnsignedInt;
  maxDeadlinesPerThread: UnsignedInt;
  maxDeadlineSeconds: UnsignedInt;
  presenceSeconds: UnsignedInt;
  keywordHandled: string;
  keywordDone: string;
  maxFilingsPerEmail: UnsignedInt;
  /** What is filed is kept to the end of this many years after the one in which it is. */
  recordYears: UnsignedInt;
  takeBackSeconds: UnsignedInt;
  keywordFiled: string;
}

/** A file to be made of pieces. */
export interface BlobUpload {
  data: DataSource[];
  type?: string | null;
}

/** A piece: one of the first three. */
export interface DataSource {
  "data:asText"?: string | null;
  "data:asBase64"?: string | null;
  blobId?: BlobId | null;
  offset?: UnsignedInt | null;
  length?: UnsignedInt | null;
}

/** What is in a file, as it was asked for. */
export interface BlobData {
  id: BlobId;
  "data:asText"?: string | null;
  "data:asBase64"?: string;
  "digest:sha"?: string;
  "digest:sha-256"?: string;
  size?: UnsignedInt;
  isEncodingProblem?: boolean;
  isTruncated?: boolean;
}

/** What refers to a file. */
export interface BlobInfo {
  id: BlobId;
  matchedIds: { Mailbox?: MailboxId[]; Thread?: ThreadId[]; Email?: EmailId[] };
}

/** What urn:ietf:params:jmap:blob says of an account (RFC 9404 §3.1). */
export interface BlobCapability {
  maxSizeBlobSet: UnsignedInt | null;
  maxDataSources: UnsignedInt;
  supportedTypeNames: string[];
  supportedDigestAlgorithms: string[];
}

/** Who changed rights (RFC 9670 §3.2). */
export interface ShareEntity {
  name: string;
  email: string | null;
  principalId: PrincipalId | null;
}

/** What urn:ietf:params:jmap:principals says of an account (RFC 9670 §1.5.1). */
export interface PrincipalsCapability {
  currentUserPrincipalId: PrincipalId | null;
}

/** Whose an account is (RFC 9670 §1.5.2). */
export interface OwnerCapability {
  accountIdForPrincipal: AccountId;
  principalId: PrincipalId;
}

/** By which what is pushed is encrypted (RFC 8291). */
export interface PushKeys {
  p256dh: string;
  auth: string;
}

/** PushKeys as it is given. */
export interface PushKeysCreate {
  p256dh: string;
  auth: string;
}

/** What urn:ietf:params:jmap:webpush-vapid says (RFC 9749 §3). */
export interface VAPIDCapability {
  /** In base64url. */
  applicationServerKey: string;
}

/** What urn:ietf:params:jmap:sieve says of the session (RFC 9661 §1.2). */
export interface SieveCapability {
  implementation: string;
}

/** What it says of an account. */
export interface SieveAccountCapability {
  /** In octets. */
  maxSizeScriptName: UnsignedInt;
  /** In octets. */
  maxSizeScript: UnsignedInt | null;
  maxNumberScripts: UnsignedInt | null;
  maxNumberRedirects: UnsignedInt | null;
  sieveExtensions: string[];
  notificationMethods: string[] | null;
  externalLists: string[] | null;
}

/** A receipt (RFC 9007 §2). */
export interface MDN {
  forEmailId: EmailId | null;
  subject: string | null;
  textBody: string | null;
  includeOriginalMessage: boolean;
  reportingUA: string | null;
  disposition: MDNDisposition;
  mdnGateway: string | null;
  originalRecipient: string | null;
  finalRecipient: string | null;
  originalMessageId: string | null;
  error: string[] | null;
  extensionFields: Record<string, string> | null;
}

/** MDN as it is given. */
export interface MDNCreate {
  forEmailId: EmailId | null;
  subject?: string | null;
  textBody?: string | null;
  includeOriginalMessage?: boolean;
  reportingUA?: string | null;
  disposition: MDNDispositionCreate;
  finalRecipient?: string | null;
  extensionFields?: Record<string, string> | null;
}

/** What became of a message. */
export interface MDNDisposition {
  actionMode: "manual-action" | "automatic-action";
  sendingMode: "mdn-sent-manually" | "mdn-sent-automatically";
  type: "deleted" | "dispatched" | "displayed" | "processed";
}

/** MDNDisposition as it is given. */
export interface MDNDispositionCreate {
  actionMode: "manual-action" | "automatic-action";
  sendingMode: "mdn-sent-manually" | "mdn-sent-automatically";
  type: "deleted" | "dispatched" | "displayed" | "processed";
}

export type MailboxId = Id<"Mailbox">;

/** A folder (RFC 8621 §2). */
export interface Mailbox {
  readonly id: MailboxId;
  /** Without the names of those that it lies in. */
  name: string;
  /** The one that it lies in. */
  parentId: MailboxId | null;
  role: MailboxRole | null;
  /** Lower ones stand before others. */
  sortOrder: UnsignedInt;
  readonly totalEmails: UnsignedInt;
  readonly unreadEmails: UnsignedInt;
  readonly totalThreads: UnsignedInt;
  readonly unreadThreads: UnsignedInt;
  readonly myRights: MailboxRights;
  isSubscribed: boolean;
}

/** What makes a Mailbox. */
export interface MailboxCreate {
  /** Without the names of those that it lies in. */
  name: string;
  /** The one that it lies in. */
  parentId?: MailboxId | null;
  role?: MailboxRole | null;
  /** Lower ones stand before others. */
  sortOrder?: UnsignedInt;
  isSubscribed?: boolean;
}

/** What of a Mailbox can be changed. */
export interface MailboxPatch {
  /** Without the names of those that it lies in. */
  name?: string;
  /** The one that it lies in. */
  parentId?: MailboxId | null;
  role?: MailboxRole | null;
  /** Lower ones stand before others. */
  sortOrder?: UnsignedInt;
  isSubscribed?: boolean;
}

/** By what Mailbox/query filters. */
export interface MailboxCondition {
  /** Null: those that lie in none. */
  parentId?: MailboxId | null;
  /** Is in its name. */
  name?: string;
  role?: MailboxRole | null;
  hasAnyRole?: boolean;
  isSubscribed?: boolean;
}

/** By what it sorts. */
export type MailboxSort = Comparator<"sortOrder" | "name">;

export type ThreadId = Id<"Thread">;

/** The messages of a conversation (RFC 8621 §3). */
export interface Thread {
  readonly id: ThreadId;
  /** The oldest first. */
  readonly emailIds: EmailId[];
}

export type EmailId = Id<"Email">;

/** A message (RFC 8621 §4). */
export interface Email {
  readonly id: EmailId;
  /** Of the whole message. */
  readonly blobId: BlobId;
  readonly threadId: ThreadId;
  /** One at least. */
  mailboxIds: IdMap<MailboxId, true>;
  /** In lower case. */
  keywords: Record<string, true>;
  /** In octets. */
  readonly size: UnsignedInt;
  readonly receivedAt: UTCDate;
  readonly messageId: string[] | null;
  readonly inReplyTo: string[] | null;
  readonly references: string[] | null;
  readonly sender: EmailAddress[] | null;
  readonly from: EmailAddress[] | null;
  readonly to: EmailAddress[] | null;
  readonly cc: EmailAddress[] | null;
  readonly bcc: EmailAddress[] | null;
  readonly replyTo: EmailAddress[] | null;
  readonly subject: string | null;
  readonly sentAt: JMAPDate | null;
  readonly hasAttachment: boolean;
  /** The beginning of what it says, up to 256 characters. */
  readonly preview: string;
  /** Instead of textBody, htmlBody and attachments when a message is made. */
  readonly bodyStructure: EmailBodyPart;
  readonly textBody: EmailBodyPart[];
  readonly htmlBody: EmailBodyPart[];
  readonly attachments: EmailBodyPart[];
  readonly headers: EmailHeader[];
  /** By partId. */
  readonly bodyValues: Record<string, EmailBodyValue>;
  [header: `header:${string}`]: AnyHeader;
}

/** What makes a Email. */
export interface EmailCreate {
  /** One at least. */
  mailboxIds: IdMap<MailboxId, true>;
  /** In lower case. */
  keywords?: Record<string, true>;
  receivedAt?: UTCDate;
  messageId?: string[] | null;
  inReplyTo?: string[] | null;
  references?: string[] | null;
  sender?: EmailAddressCreate[] | null;
  from?: EmailAddressCreate[] | null;
  to?: EmailAddressCreate[] | null;
  cc?: EmailAddressCreate[] | null;
  bcc?: EmailAddressCreate[] | null;
  replyTo?: EmailAddressCreate[] | null;
  subject?: string | null;
  sentAt?: JMAPDate | null;
  /** Instead of textBody, htmlBody and attachments when a message is made. */
  bodyStructure?: EmailBodyPartCreate;
  textBody?: EmailBodyPartCreate[];
  htmlBody?: EmailBodyPartCreate[];
  attachments?: EmailBodyPartCreate[];
  /** By partId. */
  bodyValues?: Record<string, EmailBodyValueCreate>;
  [header: `header:${string}`]: AnyHeader;
}

/** What of a Email can be changed. */
export interface EmailPatch {
  /** One at least. */
  mailboxIds?: IdMap<MailboxId, true>;
  [member: `mailboxIds/${string}`]: true | null;
  /** In lower case. */
  keywords?: Record<string, true>;
  [member: `keywords/${string}`]: true | null;
}

/** By what Email/query filters. */
export interface EmailCondition {
  inMailbox?: MailboxId;
  /** Is in one that is none of these. */
  inMailboxOtherThan?: MailboxId[];
  /** Of receivedAt. */
  before?: UTCDate;
  /** Of receivedAt, or then. */
  after?: UTCDate;
  minSize?: UnsignedInt;
  /** Smaller than that. */
  maxSize?: UnsignedInt;
  allInThreadHaveKeyword?: string;
  someInThreadHaveKeyword?: string;
  noneInThreadHaveKeyword?: string;
  hasKeyword?: string;
  notKeyword?: string;
  hasAttachment?: boolean;
  /** Anywhere; words, or a phrase between quotes. */
  text?: string;
  from?: string;
  to?: string;
  cc?: string;
  bcc?: string;
  subject?: string;
  body?: string;
  header?: [name: string] | [name: string, text: string];
}

/** By what it sorts. */
export type EmailSort = Comparator<"receivedAt" | "size" | "from" | "to" | "subject" | "sentAt" | "hasKeyword" | "allInThreadHaveKeyword" | "someInThreadHaveKeyword"> & { keyword?: string };

export type IdentityId = Id<"Identity">;

/** As whom a person writes (RFC 8621 §6). */
export interface Identity {
  readonly id: IdentityId;
  name: string;
  readonly email: string;
  replyTo: EmailAddress[] | null;
  bcc: EmailAddress[] | null;
  textSignature: string;
  htmlSignature: string;
  readonly mayDelete: boolean;
}

/** What makes a Identity. */
export interface IdentityCreate {
  name?: string;
  email: string;
  replyTo?: EmailAddressCreate[] | null;
  bcc?: EmailAddressCreate[] | null;
  textSignature?: string;
  htmlSignature?: string;
}

/** What of a Identity can be changed. */
export interface IdentityPatch {
  name?: string;
  replyTo?: EmailAddressCreate[] | null;
  bcc?: EmailAddressCreate[] | null;
  textSignature?: string;
  htmlSignature?: string;
}

export type EmailSubmissionId = Id<"EmailSubmission">;

/** A message that is sent (RFC 8621 §7). */
export interface EmailSubmission {
  readonly id: EmailSubmissionId;
  readonly identityId: IdentityId;
  readonly emailId: EmailId;
  readonly threadId: ThreadId;
  /** Where none is given, as the message says. */
  readonly envelope: Envelope;
  /** As HOLDFOR or HOLDUNTIL of the envelope ask. */
  readonly sendAt: UTCDate;
  /** What is pending is called back with canceled. */
  undoStatus: "pending" | "final" | "canceled";
  /** By address. */
  readonly deliveryStatus: Record<string, DeliveryStatus> | null;
  /** Notices that came for it. */
  readonly dsnBlobIds: BlobId[];
  /** Receipts that came for it. */
  readonly mdnBlobIds: BlobId[];
}

/** What makes a EmailSubmission. */
export interface EmailSubmissionCreate {
  identityId: IdentityId;
  emailId: EmailId;
  /** Where none is given, as the message says. */
  envelope?: EnvelopeCreate;
}

/** What of a EmailSubmission can be changed. */
export interface EmailSubmissionPatch {
  /** What is pending is called back with canceled. */
  undoStatus?: "pending" | "final" | "canceled";
}

/** By what EmailSubmission/query filters. */
export interface EmailSubmissionCondition {
  identityIds?: IdentityId[];
  emailIds?: EmailId[];
  threadIds?: ThreadId[];
  undoStatus?: "pending" | "final" | "canceled";
  /** Of sendAt. */
  before?: UTCDate;
  /** Of sendAt, or then. */
  after?: UTCDate;
}

/** By what it sorts. */
export type EmailSubmissionSort = Comparator<"emailId" | "threadId" | "sentAt" | "sendAt">;

/** The automatic reply of an account (RFC 8621 §8). */
export interface VacationResponse {
  readonly id: "singleton";
  isEnabled: boolean;
  fromDate: UTCDate | null;
  toDate: UTCDate | null;
  subject: string | null;
  textBody: string | null;
  /** Automatic replies are plain text. */
  htmlBody: null;
}

/** What of a VacationResponse can be changed. */
export interface VacationResponsePatch {
  isEnabled?: boolean;
  fromDate?: UTCDate | null;
  toDate?: UTCDate | null;
  subject?: string | null;
  textBody?: string | null;
  /** Automatic replies are plain text. */
  htmlBody?: null;
}

export type QuotaId = Id<"Quota">;

/** What an account holds, and how much it may (RFC 9425). */
export interface Quota {
  readonly id: QuotaId;
  readonly resourceType: "octets";
  readonly used: UnsignedInt;
  /** Beyond it nothing is taken. */
  readonly hardLimit: UnsignedInt;
  /** Beyond it people are to be warned. */
  readonly warnLimit: UnsignedInt | null;
  readonly softLimit: UnsignedInt | null;
  readonly scope: "account";
  readonly name: string;
  readonly description: string | null;
  /** Of data that it counts. */
  readonly types: string[];
}

/** By what Quota/query filters. */
export interface QuotaCondition {
  name?: string;
  scope?: string;
  resourceType?: string;
  /** Of data that it counts. */
  type?: string;
}

/** By what it sorts. */
export type QuotaSort = Comparator<"name" | "used">;

/** Who handles a Thread (docs/jmap-work.md 2). */
export interface WorkItem {
  /** Of the Thread that it is about. */
  readonly id: ThreadId;
  status: "new" | "handled" | "done";
  /** Who handles it: the id of the person's own account. */
  handledBy: AccountId | null;
  readonly handledByName: string | null;
  /** When it came to be so. */
  readonly since: UTCDate | null;
  readonly doneBy: AccountId | null;
  readonly doneByName: string | null;
  /** Who sent the account's last message in the Thread. */
  readonly answeredBy: AccountId | null;
  readonly answeredByName: string | null;
  readonly answeredAt: UTCDate | null;
  /** Up to 40 of a-z, 0-9 and "-". */
  category: string | null;
}

/** What of a WorkItem can be changed. */
export interface WorkItemPatch {
  status?: "new" | "handled" | "done";
  /** Who handles it: the id of the person's own account. */
  handledBy?: AccountId | null;
  /** Up to 40 of a-z, 0-9 and "-". */
  category?: string | null;
}

/** By what WorkItem/query filters. */
export interface WorkItemCondition {
  view?: "all" | "unassigned" | "mine" | "others" | "done";
  /** The Inbox, where it is not said. */
  inMailbox?: MailboxId;
  category?: string;
  dueBefore?: UTCDate;
}

/** By what it sorts. */
export type WorkItemSort = Comparator<"receivedAt" | "dueAt">;

export type WorkNoteId = Id<"WorkNote">;

/** What somebody wrote about a Thread for colleagues (docs/jmap-work.md 3). */
export interface WorkNote {
  readonly id: WorkNoteId;
  readonly threadId: ThreadId;
  readonly author: AccountId | null;
  readonly authorName: string | null;
  readonly createdAt: UTCDate;
  readonly editedAt: UTCDate | null;
  /** Plain, with line ends. */
  text: string;
}

/** What makes a WorkNote. */
export interface WorkNoteCreate {
  threadId: ThreadId;
  /** Plain, with line ends. */
  text: string;
}

/** What of a WorkNote can be changed. */
export interface WorkNotePatch {
  /** Plain, with line ends. */
  text?: string;
}

/** By what WorkNote/query filters. */
export interface WorkNoteCondition {
  threadId?: ThreadId;
}

/** By what it sorts. */
export type WorkNoteSort = Comparator<"createdAt">;

export type WorkDeadlineId = Id<"WorkDeadline">;

/** Until when a Thread has to be done (docs/jmap-work.md 4). */
export interface WorkDeadline {
  readonly id: WorkDeadlineId;
  readonly threadId: ThreadId;
  /** What asks for it, such as discharge-referral. */
  readonly rule: string;
  /** Now, where it is not said. */
  readonly startsAt: UTCDate;
  readonly warnAt: UTCDate;
  /** When the owners are told. */
  readonly dueAt: UTCDate;
  readonly headOfficeAt: UTCDate;
  readonly localTeamAt: UTCDate;
  /** Null while it runs. */
  readonly endedAt: UTCDate | null;
  /** The last who was told. */
  readonly stage: "warned" | "owners" | "head-office" | "local-team" | null;
  /** Who was told when, the first before the others. */
  readonly steps: WorkStep[];
}

/** What makes a WorkDeadline. */
export interface WorkDeadlineCreate {
  threadId: ThreadId;
  /** What asks for it, such as discharge-referral. */
  rule: string;
  withinSeconds: UnsignedInt;
  /** OpenDays leaves out days on which the premises is closed. */
  counting?: "openDays" | "allHours";
  /** Now, where it is not said. */
  startsAt?: UTCDate;
}

/** By what WorkDeadline/query filters. */
export interface WorkDeadlineCondition {
  threadId?: ThreadId;
  isRunning?: boolean;
  dueBefore?: UTCDate;
}

/** By what it sorts. */
export type WorkDeadlineSort = Comparator<"dueAt">;

export type WorkFilingId = Id<"WorkFiling">;

/** That a message was filed to a patient's record (docs/jmap-work.md 8). */
export interface WorkFiling {
  readonly id: WorkFilingId;
  readonly emailId: EmailId;
  readonly threadId: ThreadId;
  /** Ten digits; it is refused where the last does not fit the others. */
  readonly nhsNumber: string;
  /** The number of the record at the place. */
  readonly reference: string | null;
  /** As what it was given out. */
  readonly formats: ("pdf" | "eml" | "fhir")[];
  readonly filedBy: AccountId | null;
  readonly filedByName: string | null;
  readonly filedAt: UTCDate;
  /** The first moment at which the message need not be kept any more. */
  readonly keepUntil: UTCDate;
}

/** What makes a WorkFiling. */
export interface WorkFilingCreate {
  emailId: EmailId;
  /** Ten digits; it is refused where the last does not fit the others. */
  nhsNumber: string;
  /** The number of the record at the place. */
  reference?: string | null;
  /** As what it was given out. */
  formats: ("pdf" | "eml" | "fhir")[];
}

/** By what WorkFiling/query filters. */
export interface WorkFilingCondition {
  threadId?: ThreadId;
  emailId?: EmailId;
}

/** By what it sorts. */
export type WorkFilingSort = Comparator<"filedAt">;

export type WorkPresenceId = Id<"WorkPresence">;

/** Somebody at a Thread now (docs/jmap-work.md 5). */
export interface WorkPresence {
  readonly id: WorkPresenceId;
  readonly threadId: ThreadId;
  readonly person: AccountId | null;
  readonly personName: string | null;
  doing: "viewing" | "writing";
  /** It is not shown after that. */
  readonly until: UTCDate;
}

/** What makes a WorkPresence. */
export interface WorkPresenceCreate {
  threadId: ThreadId;
  doing: "viewing" | "writing";
}

/** What of a WorkPresence can be changed. */
export interface WorkPresencePatch {
  doing?: "viewing" | "writing";
}

export type WorkCheckId = Id<"WorkCheck">;

/** The look at a shared mailbox with which a day begins (docs/jmap-work.md 9). */
export interface WorkCheck {
  /** "K" and the day's digits, such as K20261127. */
  readonly id: WorkCheckId;
  /** In London, such as 2026-11-27. */
  readonly day: string;
  /** Whether the premises is open on that day, or nobody has said when it is. */
  readonly isAsked: boolean;
  /** Until when it should be made. */
  readonly lateAt: UTCDate | null;
  /** Null while nobody has made it. */
  readonly checkedAt: UTCDate | null;
  readonly checkedBy: AccountId | null;
  readonly checkedByName: string | null;
  /** When the last one before was made. */
  readonly since: UTCDate | null;
  /** Threads of the Inbox to which something came since. */
  readonly came: UnsignedInt;
  /** And that are not done. */
  readonly open: UnsignedInt;
  /** And that run out by the end of the day, or have. */
  readonly due: UnsignedInt;
}

/** What makes a WorkCheck. */
export interface WorkCheckCreate {
}

/** Somebody who may handle what comes to an account (docs/jmap-work.md 11). */
export interface WorkPerson {
  readonly id: AccountId;
  readonly name: string;
  /** Which tells namesakes apart. */
  readonly email: string;
  /** At a Thread of the account now. */
  readonly isHere: boolean;
}

/** What the owners of a mailbox chose of work in it (docs/jmap-work.md 6). */
export interface WorkSettings {
  readonly id: "singleton";
  stopsSecondReply: boolean;
}

/** What of a WorkSettings can be changed. */
export interface WorkSettingsPatch {
  stopsSecondReply?: boolean;
}

export type LinkRuleId = Id<"LinkRule">;

/** What a head office says of a place on the web (docs/jmap-links.md). */
export interface LinkRule {
  readonly id: LinkRuleId;
  /** In small letters, others than a to z as browsers write them. */
  readonly host: string;
  /** It holds for all hosts below it too. */
  readonly isBelow: boolean;
  readonly verdict: "allow" | "warn" | "block";
  /** Null for what is allowed without one. */
  readonly reason: string | null;
  /** The name of the head office, or of the premises that has none. */
  readonly decidedBy: string;
  readonly decidedAt: UTCDate;
}

export type PrincipalId = Id<"Principal">;

/** Somebody, or a mailbox, of the directory (RFC 9670 §2). */
export interface Principal {
  readonly id: PrincipalId;
  /** A mailbox of premises is a group. */
  readonly type: "individual" | "group";
  readonly name: string;
  /** What somebody does and where; what owners say about a mailbox. */
  readonly description: string | null;
  readonly email: string | null;
  readonly timeZone: string | null;
  readonly capabilities: Record<string, never>;
  /** That the session opens. */
  readonly accounts: IdMap<AccountId, Account> | null;
}

/** By what Principal/query filters. */
export interface PrincipalCondition {
  accountIds?: AccountId[];
  email?: string;
  /** Words, by their beginnings. */
  name?: string;
  text?: string;
  type?: string;
  timeZone?: string;
}

/** By what it sorts. */
export type PrincipalSort = Comparator<"name" | "email">;

export type ShareNotificationId = Id<"ShareNotification">;

/** Rights in a mailbox changed (RFC 9670 §3). */
export interface ShareNotification {
  readonly id: ShareNotificationId;
  readonly created: UTCDate;
  readonly changedBy: ShareEntity;
  readonly objectType: "Mailbox";
  readonly objectAccountId: AccountId;
  /** The Inbox: rights cover a whole account. */
  readonly objectId: MailboxId;
  readonly oldRights: MailboxRights | null;
  readonly newRights: MailboxRights | null;
  readonly name: string;
}

/** By what ShareNotification/query filters. */
export interface ShareNotificationCondition {
  /** Or then. */
  after?: UTCDate;
  before?: UTCDate;
  objectType?: string;
  objectAccountId?: AccountId;
}

/** By what it sorts. */
export type ShareNotificationSort = Comparator<"created">;

export type PushSubscriptionId = Id<"PushSubscription">;

/** Where a device is woken when something changes (RFC 8620 §7.2). */
export interface PushSubscription {
  readonly id: PushSubscriptionId;
  readonly deviceClientId: string;
  /** Never given back. */
  readonly url: string;
  /** Never given back; asked for, since nothing is pushed that is not encrypted. */
  readonly keys: PushKeys | null;
  /** What was pushed there. */
  verificationCode: string | null;
  expires: UTCDate;
  /** Null: all. */
  types: string[] | null;
}

/** What makes a PushSubscription. */
export interface PushSubscriptionCreate {
  deviceClientId: string;
  /** Never given back. */
  url: string;
  /** Never given back; asked for, since nothing is pushed that is not encrypted. */
  keys?: PushKeysCreate | null;
  expires?: UTCDate;
  /** Null: all. */
  types?: string[] | null;
}

/** What of a PushSubscription can be changed. */
export interface PushSubscriptionPatch {
  /** What was pushed there. */
  verificationCode?: string | null;
  expires?: UTCDate;
  /** Null: all. */
  types?: string[] | null;
}

export type SieveScriptId = Id<"SieveScript">;

/** A filter (RFC 9661 §2). */
export interface SieveScript {
  readonly id: SieveScriptId;
  /** Where none is given, one that no script has. */
  name: string | null;
  /** What it says. */
  blobId: BlobId;
  /** Changed by onSuccessActivateScript and onSuccessDeactivateScript of /set. */
  readonly isActive: boolean;
}

/** What makes a SieveScript. */
export interface SieveScriptCreate {
  /** Where none is given, one that no script has. */
  name?: string | null;
  /** What it says. */
  blobId: BlobId;
}

/** What of a SieveScript can be changed. */
export interface SieveScriptPatch {
  /** Where none is given, one that no script has. */
  name?: string | null;
  /** What it says. */
  blobId?: BlobId;
}

/** By what SieveScript/query filters. */
export interface SieveScriptCondition {
  /** Is in its name. */
  name?: string;
  isActive?: boolean;
}

/** By what it sorts. */
export type SieveScriptSort = Comparator<"name" | "isActive">;

/** How late the letters of an account are (docs/jmap-lateness.md). */
export interface Lateness {
  readonly id: "singleton";
  /** When the oldest letter came that is taken and not in the account yet. */
  readonly arrivingSince: UTCDate | null;
  /** When the oldest letter was sent that is still on its way, where nobody was told so. */
  readonly leavingSince: UTCDate | null;
}

/** A message that is in no account, with what was asked of it (RFC 8621 §4.9). */
export type ParsedEmail = Partial<Omit<Email, "id" | "mailboxIds" | "keywords" | "receivedAt" | "threadId">> & { id?: null; mailboxIds?: null; keywords?: null; receivedAt?: null; threadId?: null };

/** What can be used. */
export type Capability = "urn:haven:lateness" | "urn:haven:links" | "urn:haven:work" | "urn:ietf:params:jmap:blob" | "urn:ietf:params:jmap:core" | "urn:ietf:params:jmap:mail" | "urn:ietf:params:jmap:mdn" | "urn:ietf:params:jmap:principals" | "urn:ietf:params:jmap:principals:owner" | "urn:ietf:params:jmap:quota" | "urn:ietf:params:jmap:sieve" | "urn:ietf:params:jmap:submission" | "urn:ietf:params:jmap:vacationresponse" | "urn:ietf:params:jmap:webpush-vapid" | "urn:ietf:params:jmap:websocket";

/** What the service can. */
export interface SessionCapabilities {
  "urn:haven:lateness"?: Record<string, never>;
  "urn:haven:links"?: Record<string, never>;
  "urn:haven:work"?: Record<string, never>;
  "urn:ietf:params:jmap:blob"?: Record<string, never>;
  "urn:ietf:params:jmap:core": CoreCapability;
  "urn:ietf:params:jmap:mail"?: Record<string, never>;
  "urn:ietf:params:jmap:mdn"?: Record<string, never>;
  "urn:ietf:params:jmap:principals"?: Record<string, never>;
  "urn:ietf:params:jmap:principals:owner"?: Record<string, never>;
  "urn:ietf:params:jmap:quota"?: Record<string, never>;
  "urn:ietf:params:jmap:sieve"?: SieveCapability;
  "urn:ietf:params:jmap:submission"?: Record<string, never>;
  "urn:ietf:params:jmap:vacationresponse"?: Record<string, never>;
  "urn:ietf:params:jmap:webpush-vapid"?: VAPIDCapability;
  "urn:ietf:params:jmap:websocket"?: WebSocketCapability;
}

/** What can be done in an account. */
export interface AccountCapabilities {
  "urn:haven:lateness"?: Record<string, never>;
  "urn:haven:links"?: Record<string, never>;
  "urn:haven:work"?: WorkCapability;
  "urn:ietf:params:jmap:blob"?: BlobCapability;
  "urn:ietf:params:jmap:core"?: Record<string, never>;
  "urn:ietf:params:jmap:mail"?: MailCapability;
  "urn:ietf:params:jmap:mdn"?: Record<string, never>;
  "urn:ietf:params:jmap:principals"?: PrincipalsCapability;
  "urn:ietf:params:jmap:principals:owner"?: OwnerCapability;
  "urn:ietf:params:jmap:quota"?: Record<string, never>;
  "urn:ietf:params:jmap:sieve"?: SieveAccountCapability;
  "urn:ietf:params:jmap:submission"?: SubmissionCapability;
  "urn:ietf:params:jmap:vacationresponse"?: Record<string, never>;
  "urn:ietf:params:jmap:webpush-vapid"?: Record<string, never>;
  "urn:ietf:params:jmap:websocket"?: Record<string, never>;
}

/** The types of data of accounts, whose states are told. */
export const typeNames = ["Mailbox", "Thread", "Email", "Identity", "EmailSubmission", "VacationResponse", "Quota", "WorkItem", "WorkNote", "WorkDeadline", "WorkFiling", "WorkPresence", "WorkCheck", "WorkPerson", "WorkSettings", "LinkRule", "Principal", "ShareNotification", "SieveScript", "Lateness"] as const;
export type TypeName = (typeof typeNames)[number];

/** What each method takes and gives; object is what a /get gives of it. */
export interface Methods {
  /** Makes files of one account those of another (RFC 8620 §6.3). */
  "Blob/copy": {
    arguments: { fromAccountId: AccountId; accountId: AccountId; blobIds: BlobId[] };
    answer: { fromAccountId: AccountId; accountId: AccountId; copied: IdMap<BlobId, BlobId> | null; notCopied: IdMap<BlobId, SetError> | null };
  };
  /** Reads files, or parts of them (RFC 9404 §4.2). */
  "Blob/get": {
    arguments: { accountId: AccountId; ids: BlobId[]; properties?: readonly ("data" | "data:asText" | "data:asBase64" | "digest:sha" | "digest:sha-256" | "size")[] | null; offset?: UnsignedInt | null; length?: UnsignedInt | null };
    answer: { accountId: AccountId; list: BlobData[]; notFound: BlobId[] };
  };
  /** Tells what refers to files (RFC 9404 §4.3). */
  "Blob/lookup": {
    arguments: { accountId: AccountId; typeNames: ("Mailbox" | "Thread" | "Email")[]; ids: BlobId[] };
    answer: { accountId: AccountId; list: BlobInfo[] };
  };
  /** Makes files of what is given, and of others (RFC 9404 §4.1). */
  "Blob/upload": {
    arguments: { accountId: AccountId; create: Record<string, BlobUpload> };
    answer: { accountId: AccountId; created: Record<string, Upload & { id: BlobId }> | null; notCreated: Record<string, SetError> | null };
  };
  /** Gives back what it got (RFC 8620 §4). */
  "Core/echo": {
    arguments: Record<string, unknown>;
    answer: Record<string, unknown>;
  };
  "Email/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<Email>;
  };
  "Email/copy": {
    arguments: CopyArguments<Email, EmailCreate>;
    answer: CopyAnswer<Email>;
  };
  "Email/get": {
    arguments: GetArguments<Email> & { bodyProperties?: (keyof EmailBodyPart)[]; fetchTextBodyValues?: boolean; fetchHTMLBodyValues?: boolean; fetchAllBodyValues?: boolean; maxBodyValueBytes?: UnsignedInt };
    answer: GetAnswer<Pick<Email, "id" | "blobId" | "threadId" | "mailboxIds" | "keywords" | "size" | "receivedAt" | "messageId" | "inReplyTo" | "references" | "sender" | "from" | "to" | "cc" | "bcc" | "replyTo" | "subject" | "sentAt" | "hasAttachment" | "preview" | "bodyValues" | "textBody" | "htmlBody" | "attachments">>;
    object: Email;
  };
  /** Makes messages of files (RFC 8621 §4.8). */
  "Email/import": {
    arguments: { accountId: AccountId; ifInState?: string | null; emails: Record<string, EmailImport> };
    answer: { accountId: AccountId; oldState: string; newState: string; created: Record<string, Created<Email>> | null; notCreated: Record<string, SetError> | null };
  };
  /** Reads files as messages (RFC 8621 §4.9). */
  "Email/parse": {
    arguments: { accountId: AccountId; blobIds: BlobId[]; properties?: readonly Asked<Email>[] | null; bodyProperties?: (keyof EmailBodyPart)[]; fetchTextBodyValues?: boolean; fetchHTMLBodyValues?: boolean; fetchAllBodyValues?: boolean; maxBodyValueBytes?: UnsignedInt };
    answer: { accountId: AccountId; parsed: IdMap<BlobId, ParsedEmail>; notParsable: BlobId[]; notFound: BlobId[] };
  };
  "Email/query": {
    arguments: QueryArguments<Email, Filter<EmailCondition>, EmailSort> & { collapseThreads?: boolean };
    answer: QueryAnswer<Email> & { collapseThreads: boolean };
  };
  "Email/queryChanges": {
    arguments: QueryChangesArguments<Email, Filter<EmailCondition>, EmailSort> & { collapseThreads?: boolean };
    answer: QueryChangesAnswer<Email> & { collapseThreads: boolean };
  };
  "Email/set": {
    arguments: SetArguments<Email, EmailCreate, EmailPatch>;
    answer: SetAnswer<Email>;
  };
  "EmailSubmission/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<EmailSubmission>;
  };
  "EmailSubmission/get": {
    arguments: GetArguments<EmailSubmission>;
    answer: GetAnswer<EmailSubmission>;
    object: EmailSubmission;
  };
  "EmailSubmission/query": {
    arguments: QueryArguments<EmailSubmission, Filter<EmailSubmissionCondition>, EmailSubmissionSort>;
    answer: QueryAnswer<EmailSubmission>;
  };
  "EmailSubmission/queryChanges": {
    arguments: QueryChangesArguments<EmailSubmission, Filter<EmailSubmissionCondition>, EmailSubmissionSort>;
    answer: QueryChangesAnswer<EmailSubmission>;
  };
  "EmailSubmission/set": {
    arguments: SetArguments<EmailSubmission, EmailSubmissionCreate, EmailSubmissionPatch> & { onSuccessUpdateEmail?: IdMap<EmailSubmissionId, EmailPatch> | null; onSuccessDestroyEmail?: EmailSubmissionId[] | null };
    answer: SetAnswer<EmailSubmission>;
  };
  "Identity/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<Identity>;
  };
  "Identity/get": {
    arguments: GetArguments<Identity>;
    answer: GetAnswer<Identity>;
    object: Identity;
  };
  "Identity/set": {
    arguments: SetArguments<Identity, IdentityCreate, IdentityPatch>;
    answer: SetAnswer<Identity>;
  };
  "Lateness/get": {
    arguments: GetArguments<Lateness>;
    answer: GetAnswer<Lateness>;
    object: Lateness;
  };
  "LinkRule/get": {
    arguments: GetArguments<LinkRule>;
    answer: GetAnswer<LinkRule>;
    object: LinkRule;
  };
  /** Reads files as receipts (RFC 9007 §2.2). */
  "MDN/parse": {
    arguments: { accountId: AccountId; blobIds: BlobId[] };
    answer: { accountId: AccountId; parsed: IdMap<BlobId, MDN> | null; notParsable: BlobId[] | null; notFound: BlobId[] | null };
  };
  /** Sends receipts (RFC 9007 §2.1). */
  "MDN/send": {
    arguments: { accountId: AccountId; identityId: IdentityId; send: Record<string, MDNCreate>; onSuccessUpdateEmail?: IdMap<EmailId, EmailPatch> | null };
    answer: { accountId: AccountId; sent: Record<string, Partial<MDN>> | null; notSent: Record<string, SetError> | null };
  };
  "Mailbox/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<Mailbox> & { updatedProperties: (keyof Mailbox)[] | null };
  };
  "Mailbox/get": {
    arguments: GetArguments<Mailbox>;
    answer: GetAnswer<Mailbox>;
    object: Mailbox;
  };
  "Mailbox/query": {
    arguments: QueryArguments<Mailbox, Filter<MailboxCondition>, MailboxSort> & { sortAsTree?: boolean; filterAsTree?: boolean };
    answer: QueryAnswer<Mailbox>;
  };
  "Mailbox/queryChanges": {
    arguments: QueryChangesArguments<Mailbox, Filter<MailboxCondition>, MailboxSort> & { sortAsTree?: boolean; filterAsTree?: boolean };
    answer: QueryChangesAnswer<Mailbox>;
  };
  "Mailbox/set": {
    arguments: SetArguments<Mailbox, MailboxCreate, MailboxPatch> & { onDestroyRemoveEmails?: boolean };
    answer: SetAnswer<Mailbox>;
  };
  "Principal/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<Principal>;
  };
  "Principal/get": {
    arguments: GetArguments<Principal>;
    answer: GetAnswer<Principal>;
    object: Principal;
  };
  "Principal/query": {
    arguments: QueryArguments<Principal, Filter<PrincipalCondition>, PrincipalSort>;
    answer: QueryAnswer<Principal>;
  };
  "Principal/queryChanges": {
    arguments: QueryChangesArguments<Principal, Filter<PrincipalCondition>, PrincipalSort>;
    answer: QueryChangesAnswer<Principal>;
  };
  "Principal/set": {
    arguments: SetArguments<Principal, never, never>;
    answer: SetAnswer<Principal>;
  };
  "PushSubscription/get": {
    arguments: OfPerson<GetArguments<PushSubscription>>;
    answer: OfPerson<GetAnswer<Pick<PushSubscription, "id" | "deviceClientId" | "verificationCode" | "expires" | "types">>>;
    object: PushSubscription;
  };
  "PushSubscription/set": {
    arguments: OfPerson<SetArguments<PushSubscription, PushSubscriptionCreate, PushSubscriptionPatch>>;
    answer: OfPerson<SetAnswer<PushSubscription>>;
  };
  "Quota/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<Quota> & { updatedProperties: (keyof Quota)[] | null };
  };
  "Quota/get": {
    arguments: GetArguments<Quota>;
    answer: GetAnswer<Quota>;
    object: Quota;
  };
  "Quota/query": {
    arguments: QueryArguments<Quota, Filter<QuotaCondition>, QuotaSort>;
    answer: QueryAnswer<Quota>;
  };
  "Quota/queryChanges": {
    arguments: QueryChangesArguments<Quota, Filter<QuotaCondition>, QuotaSort>;
    answer: QueryChangesAnswer<Quota>;
  };
  /** Shows where messages say what is looked for (RFC 8621 §5.1). */
  "SearchSnippet/get": {
    arguments: { accountId: AccountId; filter?: Filter<EmailCondition> | null; emailIds: EmailId[] };
    answer: { accountId: AccountId; list: SearchSnippet[]; notFound: EmailId[] | null };
  };
  "ShareNotification/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<ShareNotification>;
  };
  "ShareNotification/get": {
    arguments: GetArguments<ShareNotification>;
    answer: GetAnswer<ShareNotification>;
    object: ShareNotification;
  };
  "ShareNotification/query": {
    arguments: QueryArguments<ShareNotification, Filter<ShareNotificationCondition>, ShareNotificationSort>;
    answer: QueryAnswer<ShareNotification>;
  };
  "ShareNotification/queryChanges": {
    arguments: QueryChangesArguments<ShareNotification, Filter<ShareNotificationCondition>, ShareNotificationSort>;
    answer: QueryChangesAnswer<ShareNotification>;
  };
  "ShareNotification/set": {
    arguments: SetArguments<ShareNotification, never, never>;
    answer: SetAnswer<ShareNotification>;
  };
  "SieveScript/get": {
    arguments: GetArguments<SieveScript>;
    answer: GetAnswer<SieveScript>;
    object: SieveScript;
  };
  "SieveScript/query": {
    arguments: QueryArguments<SieveScript, Filter<SieveScriptCondition>, SieveScriptSort>;
    answer: QueryAnswer<SieveScript>;
  };
  "SieveScript/set": {
    arguments: SetArguments<SieveScript, SieveScriptCreate, SieveScriptPatch> & { onSuccessActivateScript?: SieveScriptId | null; onSuccessDeactivateScript?: boolean };
    answer: SetAnswer<SieveScript>;
  };
  /** Says whether a file is a filter (RFC 9661 §2.6). */
  "SieveScript/validate": {
    arguments: { accountId: AccountId; blobId: BlobId };
    answer: { accountId: AccountId; error: SetError | null };
  };
  "Thread/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<Thread>;
  };
  "Thread/get": {
    arguments: GetArguments<Thread>;
    answer: GetAnswer<Thread>;
    object: Thread;
  };
  "VacationResponse/get": {
    arguments: GetArguments<VacationResponse>;
    answer: GetAnswer<VacationResponse>;
    object: VacationResponse;
  };
  "VacationResponse/set": {
    arguments: SetArguments<VacationResponse, never, VacationResponsePatch>;
    answer: SetAnswer<VacationResponse>;
  };
  "WorkCheck/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<WorkCheck>;
  };
  "WorkCheck/get": {
    arguments: GetArguments<WorkCheck>;
    answer: GetAnswer<WorkCheck>;
    object: WorkCheck;
  };
  "WorkCheck/set": {
    arguments: SetArguments<WorkCheck, WorkCheckCreate, never>;
    answer: SetAnswer<WorkCheck>;
  };
  "WorkDeadline/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<WorkDeadline>;
  };
  "WorkDeadline/get": {
    arguments: GetArguments<WorkDeadline>;
    answer: GetAnswer<WorkDeadline>;
    object: WorkDeadline;
  };
  "WorkDeadline/query": {
    arguments: QueryArguments<WorkDeadline, WorkDeadlineCondition, WorkDeadlineSort>;
    answer: QueryAnswer<WorkDeadline>;
  };
  "WorkDeadline/queryChanges": {
    arguments: QueryChangesArguments<WorkDeadline, WorkDeadlineCondition, WorkDeadlineSort>;
    answer: QueryChangesAnswer<WorkDeadline>;
  };
  "WorkDeadline/set": {
    arguments: SetArguments<WorkDeadline, WorkDeadlineCreate, never>;
    answer: SetAnswer<WorkDeadline>;
  };
  "WorkFiling/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<WorkFiling>;
  };
  "WorkFiling/get": {
    arguments: GetArguments<WorkFiling>;
    answer: GetAnswer<WorkFiling>;
    object: WorkFiling;
  };
  "WorkFiling/query": {
    arguments: QueryArguments<WorkFiling, WorkFilingCondition, WorkFilingSort>;
    answer: QueryAnswer<WorkFiling>;
  };
  "WorkFiling/queryChanges": {
    arguments: QueryChangesArguments<WorkFiling, WorkFilingCondition, WorkFilingSort>;
    answer: QueryChangesAnswer<WorkFiling>;
  };
  "WorkFiling/set": {
    arguments: SetArguments<WorkFiling, WorkFilingCreate, never> & { again?: EmailId[] | null };
    answer: SetAnswer<WorkFiling>;
  };
  "WorkItem/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<WorkItem>;
  };
  "WorkItem/get": {
    arguments: GetArguments<WorkItem>;
    answer: GetAnswer<WorkItem>;
    object: WorkItem;
  };
  "WorkItem/query": {
    arguments: QueryArguments<WorkItem, WorkItemCondition, WorkItemSort> & { calculateCounts?: boolean };
    answer: QueryAnswer<WorkItem> & { counts?: WorkCounts };
  };
  "WorkItem/queryChanges": {
    arguments: QueryChangesArguments<WorkItem, WorkItemCondition, WorkItemSort>;
    answer: QueryChangesAnswer<WorkItem>;
  };
  "WorkItem/set": {
    arguments: SetArguments<WorkItem, never, WorkItemPatch> & { takeOver?: ThreadId[] | null; handOverNotes?: IdMap<ThreadId, string> | null };
    answer: SetAnswer<WorkItem>;
  };
  "WorkNote/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<WorkNote>;
  };
  "WorkNote/get": {
    arguments: GetArguments<WorkNote>;
    answer: GetAnswer<WorkNote>;
    object: WorkNote;
  };
  "WorkNote/query": {
    arguments: QueryArguments<WorkNote, WorkNoteCondition, WorkNoteSort>;
    answer: QueryAnswer<WorkNote>;
  };
  "WorkNote/queryChanges": {
    arguments: QueryChangesArguments<WorkNote, WorkNoteCondition, WorkNoteSort>;
    answer: QueryChangesAnswer<WorkNote>;
  };
  "WorkNote/set": {
    arguments: SetArguments<WorkNote, WorkNoteCreate, WorkNotePatch>;
    answer: SetAnswer<WorkNote>;
  };
  "WorkPerson/get": {
    arguments: GetArguments<WorkPerson>;
    answer: GetAnswer<WorkPerson>;
    object: WorkPerson;
  };
  "WorkPresence/changes": {
    arguments: ChangesArguments;
    answer: ChangesAnswer<WorkPresence>;
  };
  "WorkPresence/get": {
    arguments: GetArguments<WorkPresence>;
    answer: GetAnswer<WorkPresence>;
    object: WorkPresence;
  };
  "WorkPresence/set": {
    arguments: SetArguments<WorkPresence, WorkPresenceCreate, WorkPresencePatch> & { tab?: string };
    answer: SetAnswer<WorkPresence>;
  };
  /** Tells owners what became of a mailbox in some days (docs/jmap-work.md 10). */
  "WorkReport/get": {
    arguments: { accountId: AccountId; from: string; until: string };
    answer: { accountId: AccountId; total: WorkTally; days: WorkDay[]; categories: WorkCategory[]; late: WorkLate[]; hasMoreLate: boolean; areHoursKnown: boolean };
  };
  "WorkSettings/get": {
    arguments: GetArguments<WorkSettings>;
    answer: GetAnswer<WorkSettings>;
    object: WorkSettings;
  };
  "WorkSettings/set": {
    arguments: SetArguments<WorkSettings, never, WorkSettingsPatch>;
    answer: SetAnswer<WorkSettings>;
  };
}

export type MethodName = keyof Methods;

/** What a request has to use for a method. */
export const capabilityOf: Record<MethodName, Capability> = {
  "Blob/copy": "urn:ietf:params:jmap:core",
  "Blob/get": "urn:ietf:params:jmap:blob",
  "Blob/lookup": "urn:ietf:params:jmap:blob",
  "Blob/upload": "urn:ietf:params:jmap:blob",
  "Core/echo": "urn:ietf:params:jmap:core",
  "Email/changes": "urn:ietf:params:jmap:mail",
  "Email/copy": "urn:ietf:params:jmap:mail",
  "Email/get": "urn:ietf:params:jmap:mail",
  "Email/import": "urn:ietf:params:jmap:mail",
  "Email/parse": "urn:ietf:params:jmap:mail",
  "Email/query": "urn:ietf:params:jmap:mail",
  "Email/queryChanges": "urn:ietf:params:jmap:mail",
  "Email/set": "urn:ietf:params:jmap:mail",
  "EmailSubmission/changes": "urn:ietf:params:jmap:submission",
  "EmailSubmission/get": "urn:ietf:params:jmap:submission",
  "EmailSubmission/query": "urn:ietf:params:jmap:submission",
  "EmailSubmission/queryChanges": "urn:ietf:params:jmap:submission",
  "EmailSubmission/set": "urn:ietf:params:jmap:submission",
  "Identity/changes": "urn:ietf:params:jmap:submission",
  "Identity/get": "urn:ietf:params:jmap:submission",
  "Identity/set": "urn:ietf:params:jmap:submission",
  "Lateness/get": "urn:haven:lateness",
  "LinkRule/get": "urn:haven:links",
  "MDN/parse": "urn:ietf:params:jmap:mdn",
  "MDN/send": "urn:ietf:params:jmap:mdn",
  "Mailbox/changes": "urn:ietf:params:jmap:mail",
  "Mailbox/get": "urn:ietf:params:jmap:mail",
  "Mailbox/query": "urn:ietf:params:jmap:mail",
  "Mailbox/queryChanges": "urn:ietf:params:jmap:mail",
  "Mailbox/set": "urn:ietf:params:jmap:mail",
  "Principal/changes": "urn:ietf:params:jmap:principals",
  "Principal/get": "urn:ietf:params:jmap:principals",
  "Principal/query": "urn:ietf:params:jmap:principals",
  "Principal/queryChanges": "urn:ietf:params:jmap:principals",
  "Principal/set": "urn:ietf:params:jmap:principals",
  "PushSubscription/get": "urn:ietf:params:jmap:core",
  "PushSubscription/set": "urn:ietf:params:jmap:core",
  "Quota/changes": "urn:ietf:params:jmap:quota",
  "Quota/get": "urn:ietf:params:jmap:quota",
  "Quota/query": "urn:ietf:params:jmap:quota",
  "Quota/queryChanges": "urn:ietf:params:jmap:quota",
  "SearchSnippet/get": "urn:ietf:params:jmap:mail",
  "ShareNotification/changes": "urn:ietf:params:jmap:principals",
  "ShareNotification/get": "urn:ietf:params:jmap:principals",
  "ShareNotification/query": "urn:ietf:params:jmap:principals",
  "ShareNotification/queryChanges": "urn:ietf:params:jmap:principals",
  "ShareNotification/set": "urn:ietf:params:jmap:principals",
  "SieveScript/get": "urn:ietf:params:jmap:sieve",
  "SieveScript/query": "urn:ietf:params:jmap:sieve",
  "SieveScript/set": "urn:ietf:params:jmap:sieve",
  "SieveScript/validate": "urn:ietf:params:jmap:sieve",
  "Thread/changes": "urn:ietf:params:jmap:mail",
  "Thread/get": "urn:ietf:params:jmap:mail",
  "VacationResponse/get": "urn:ietf:params:jmap:vacationresponse",
  "VacationResponse/set": "urn:ietf:params:jmap:vacationresponse",
  "WorkCheck/changes": "urn:haven:work",
  "WorkCheck/get": "urn:haven:work",
  "WorkCheck/set": "urn:haven:work",
  "WorkDeadline/changes": "urn:haven:work",
  "WorkDeadline/get": "urn:haven:work",
  "WorkDeadline/query": "urn:haven:work",
  "WorkDeadline/queryChanges": "urn:haven:work",
  "WorkDeadline/set": "urn:haven:work",
  "WorkFiling/changes": "urn:haven:work",
  "WorkFiling/get": "urn:haven:work",
  "WorkFiling/query": "urn:haven:work",
  "WorkFiling/queryChanges": "urn:haven:work",
  "WorkFiling/set": "urn:haven:work",
  "WorkItem/changes": "urn:haven:work",
  "WorkItem/get": "urn:haven:work",
  "WorkItem/query": "urn:haven:work",
  "WorkItem/queryChanges": "urn:haven:work",
  "WorkItem/set": "urn:haven:work",
  "WorkNote/changes": "urn:haven:work",
  "WorkNote/get": "urn:haven:work",
  "WorkNote/query": "urn:haven:work",
  "WorkNote/queryChanges": "urn:haven:work",
  "WorkNote/set": "urn:haven:work",
  "WorkPerson/get": "urn:haven:work",
  "WorkPresence/changes": "urn:haven:work",
  "WorkPresence/get": "urn:haven:work",
  "WorkPresence/set": "urn:haven:work",
  "WorkReport/get": "urn:haven:work",
  "WorkSettings/get": "urn:haven:work",
  "WorkSettings/set": "urn:haven:work",
};
