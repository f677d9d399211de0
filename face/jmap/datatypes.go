package jmap

// dataTypes are all types of data of the face. A type that comes is one entry here, with its shape beside its code; what nobody described fails
// TestEveryTypeIsDescribed.
var dataTypes = []DataType{
	{Name: "Mailbox", Says: "A folder (RFC 8621 §2).", Shape: mailboxShape, reads: mailboxes{}, query: folderQuery{},
		Conditions: Shape{
			{"parentId", "MailboxId | null", 0, "null: those that lie in none"},
			{"name", "string", 0, "is in its name"},
			{"role", "MailboxRole | null", 0, ""},
			{"hasAnyRole", "boolean", 0, ""},
			{"isSubscribed", "boolean", 0, ""}},
		Sorts: []string{"sortOrder", "name"},
		Arguments: map[string]Shape{
			"query": treeArguments, "queryChanges": treeArguments,
			"set": {{"onDestroyRemoveEmails", "boolean", 0, "destroys the messages that are in no other Mailbox"}}},
		Answers: map[string]Shape{"changes": {{"updatedProperties", "(keyof Mailbox)[] | null", 0, "null: any of them"}}}},

	{Name: "Thread", Says: "The messages of a conversation (RFC 8621 §3).", Shape: threadShape, reads: threads{}},

	{Name: "Email", Says: "A message (RFC 8621 §4).", Shape: emailShape, reads: emails{}, query: emailList{},
		Conditions: emailConditions, Sorts: sortOptions, SortMore: Shape{{"keyword", "string", 0, "of those that sort by one"}},
		Arguments: map[string]Shape{"get": bodyArguments, "query": collapseArguments, "queryChanges": collapseArguments},
		Answers:   map[string]Shape{"query": collapseAnswers, "queryChanges": collapseAnswers}},

	{Name: "Identity", Says: "As whom a person writes (RFC 8621 §6).", Shape: identityShape, reads: identities{}},

	{Name: "EmailSubmission", Says: "A message that is sent (RFC 8621 §7).", Shape: submissionShape, reads: &submissions{}, query: &submissions{},
		Conditions: Shape{
			{"identityIds", "IdentityId[]", 0, ""},
			{"emailIds", "EmailId[]", 0, ""},
			{"threadIds", "ThreadId[]", 0, ""},
			{"undoStatus", `"pending" | "final" | "canceled"`, 0, ""},
			{"before", "UTCDate", 0, "of sendAt"},
			{"after", "UTCDate", 0, "of sendAt, or then"}},
		Sorts: []string{"emailId", "threadId", "sentAt", "sendAt"},
		Arguments: map[string]Shape{"set": {
			{"onSuccessUpdateEmail", "IdMap<EmailSubmissionId, EmailPatch> | null", 0, "what becomes of the message then, by submission"},
			{"onSuccessDestroyEmail", "EmailSubmissionId[] | null", 0, "submissions whose message is destroyed then"}}}},

	{Name: "VacationResponse", Says: "The automatic reply of an account (RFC 8621 §8).", Shape: vacationShape, Kept: true, reads: vacations{}},

	{Name: "Quota", Says: "What an account holds, and how much it may (RFC 9425).", Shape: quotaShape, Kept: true, reads: quotas{}, query: quotas{},
		Conditions: Shape{
			{"name", "string", 0, ""},
			{"scope", "string", 0, ""},
			{"resourceType", "string", 0, ""},
			{"type", "string", 0, "of data that it counts"}},
		Sorts:   []string{"name", "used"},
		Answers: map[string]Shape{"changes": {{"updatedProperties", "(keyof Quota)[] | null", 0, "null: any of them"}}}},

	{Name: "WorkItem", Says: "Who handles a Thread (docs/jmap-work.md 2).", Shape: workItemShape, Kept: true, reads: workItems{}, Flat: true, query: countedItems{},
		Conditions: Shape{
			{"view", `"all" | "unassigned" | "mine" | "others" | "done"`, 0, ""},
			{"inMailbox", "MailboxId", 0, "the Inbox, where it is not said"},
			{"category", "string", 0, ""},
			{"dueBefore", "UTCDate", 0, ""}},
		Sorts: []string{"receivedAt", "dueAt"},
		Arguments: map[string]Shape{
			"query": {{"calculateCounts", "boolean", 0, ""}},
			"set": {
				{"takeOver", "ThreadId[] | null", 0, "those that change though a colleague handles them, or has done them"},
				{"handOverNotes", "IdMap<ThreadId, string> | null", 0, "notes that are written with the change"}}},
		Answers: map[string]Shape{"query": {{"counts", "WorkCounts", Optional, "where calculateCounts asks for them"}}}},

	{Name: "WorkNote", Says: "What somebody wrote about a Thread for colleagues (docs/jmap-work.md 3).", Shape: workNoteShape, reads: workNotes{}, Flat: true, query: workNotes{},
		Conditions: Shape{{"threadId", "ThreadId", 0, ""}}, Sorts: []string{"createdAt"}},

	{Name: "WorkDeadline", Says: "Until when a Thread has to be done (docs/jmap-work.md 4).", Shape: workDeadlineShape, reads: workDeadlines{}, Flat: true, query: workDeadlines{},
		Conditions: Shape{
			{"threadId", "ThreadId", 0, ""},
			{"isRunning", "boolean", 0, ""},
			{"dueBefore", "UTCDate", 0, ""}},
		Sorts: []string{"dueAt"}},

	{Name: "WorkPresence", Says: "Somebody at a Thread now (docs/jmap-work.md 5).", Shape: workPresenceShape, reads: workPresences{},
		Arguments: map[string]Shape{"set": {{"tab", "string", 0, "up to 64 octets; a tab is at one Thread at a time"}}}},

	{Name: "WorkSettings", Says: "What the owners of a mailbox chose of work in it (docs/jmap-work.md 6).", Shape: workSettingsShape, Kept: true, reads: workSettings{}},
}

var treeArguments = Shape{
	{"sortAsTree", "boolean", 0, "each behind the one that it lies in"},
	{"filterAsTree", "boolean", 0, "without those that lie in one that does not match"},
}

var (
	collapseArguments = Shape{{"collapseThreads", "boolean", 0, "the first message of each Thread alone"}}
	collapseAnswers   = Shape{{"collapseThreads", "boolean", 0, ""}}
)

// bodyArguments are those of Email/get and Email/parse (RFC 8621 §4.2).
var bodyArguments = Shape{
	{"bodyProperties", "(keyof EmailBodyPart)[]", 0, ""},
	{"fetchTextBodyValues", "boolean", 0, ""},
	{"fetchHTMLBodyValues", "boolean", 0, ""},
	{"fetchAllBodyValues", "boolean", 0, ""},
	{"maxBodyValueBytes", "UnsignedInt", 0, "of each text; 0: all"},
}

// emailConditions are those of RFC 8621 §4.4.1.
var emailConditions = Shape{
	{"inMailbox", "MailboxId", 0, ""},
	{"inMailboxOtherThan", "MailboxId[]", 0, "is in one that is none of these"},
	{"before", "UTCDate", 0, "of receivedAt"},
	{"after", "UTCDate", 0, "of receivedAt, or then"},
	{"minSize", "UnsignedInt", 0, ""},
	{"maxSize", "UnsignedInt", 0, "smaller than that"},
	{"allInThreadHaveKeyword", "string", 0, ""},
	{"someInThreadHaveKeyword", "string", 0, ""},
	{"noneInThreadHaveKeyword", "string", 0, ""},
	{"hasKeyword", "string", 0, ""},
	{"notKeyword", "string", 0, ""},
	{"hasAttachment", "boolean", 0, ""},
	{"text", "string", 0, "anywhere; words, or a phrase between quotes"},
	{"from", "string", 0, ""},
	{"to", "string", 0, ""},
	{"cc", "string", 0, ""},
	{"bcc", "string", 0, ""},
	{"subject", "string", 0, ""},
	{"body", "string", 0, ""},
	{"header", "[name: string] | [name: string, text: string]", 0, ""},
}

// ownMethods are those that are none of the standard ones.
var ownMethods = []Method{
	{"Core/echo", "Gives back what it got (RFC 8620 §4).", nil, nil},

	{"Blob/copy", "Makes files of one account those of another (RFC 8620 §6.3).",
		Shape{{"fromAccountId", "AccountId", Required, ""}, {"accountId", "AccountId", Required, ""}, {"blobIds", "BlobId[]", Required, ""}},
		Shape{{"fromAccountId", "AccountId", 0, ""}, {"accountId", "AccountId", 0, ""}, {"copied", "IdMap<BlobId, BlobId> | null", 0, ""},
			{"notCopied", "IdMap<BlobId, SetError> | null", 0, ""}}},

	{"Email/import", "Makes messages of files (RFC 8621 §4.8).",
		Shape{{"accountId", "AccountId", Required, ""}, {"ifInState", "string | null", 0, ""}, {"emails", "Record<string, EmailImport>", Required, "by creation id"}},
		Shape{{"accountId", "AccountId", 0, ""}, {"oldState", "string", 0, ""}, {"newState", "string", 0, ""},
			{"created", "Record<string, Created<Email>> | null", 0, ""}, {"notCreated", "Record<string, SetError> | null", 0, ""}}},

	{"Email/parse", "Reads files as messages (RFC 8621 §4.9).",
		append(Shape{{"accountId", "AccountId", Required, ""}, {"blobIds", "BlobId[]", Required, ""}, {"properties", "Asked<Email>[] | null", 0, ""}}, bodyArguments...),
		Shape{{"accountId", "AccountId", 0, ""}, {"parsed", "IdMap<BlobId, ParsedEmail>", 0, ""}, {"notParsable", "BlobId[]", 0, ""}, {"notFound", "BlobId[]", 0, ""}}},

	{"SearchSnippet/get", "Shows where messages say what is looked for (RFC 8621 §5.1).",
		Shape{{"accountId", "AccountId", Required, ""}, {"filter", "Filter<EmailCondition> | null", 0, ""}, {"emailIds", "EmailId[]", Required, ""}},
		Shape{{"accountId", "AccountId", 0, ""}, {"list", "SearchSnippet[]", 0, ""}, {"notFound", "EmailId[] | null", 0, ""}}},
}
