package jmap

// mailDescription is what is told of mail (RFC 8621 §2 to §5).
var mailDescription = description{
	urn:   mailURN,
	table: mailMethods,
	types: []DataType{
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
	},
	methods: []Method{
		{"Email/import", "Makes messages of files (RFC 8621 §4.8).",
			Shape{{"accountId", "AccountId", Required, ""}, {"ifInState", "string | null", 0, ""}, {"emails", "Record<string, EmailImport>", Required, "by creation id"}},
			Shape{{"accountId", "AccountId", 0, ""}, {"oldState", "string", 0, ""}, {"newState", "string", 0, ""},
				{"created", "Record<string, Created<Email>> | null", 0, ""}, {"notCreated", "Record<string, SetError> | null", 0, ""}}},
		{"Email/parse", "Reads files as messages (RFC 8621 §4.9).",
			append(Shape{{"accountId", "AccountId", Required, ""}, {"blobIds", "BlobId[]", Required, ""}, {"properties", "readonly Asked<Email>[] | null", 0, ""}}, bodyArguments...),
			Shape{{"accountId", "AccountId", 0, ""}, {"parsed", "IdMap<BlobId, ParsedEmail>", 0, ""}, {"notParsable", "BlobId[]", 0, ""}, {"notFound", "BlobId[]", 0, ""}}},
		{"SearchSnippet/get", "Shows where messages say what is looked for (RFC 8621 §5.1).",
			Shape{{"accountId", "AccountId", Required, ""}, {"filter", "Filter<EmailCondition> | null", 0, ""}, {"emailIds", "EmailId[]", Required, ""}},
			Shape{{"accountId", "AccountId", 0, ""}, {"list", "SearchSnippet[]", 0, ""}, {"notFound", "EmailId[] | null", 0, ""}}},
	},
	structs: []Struct{
		{Name: "MailboxRights", Says: "What one may do in a Mailbox.", Shape: Shape{
			{"mayReadItems", "boolean", 0, ""}, {"mayAddItems", "boolean", 0, ""}, {"mayRemoveItems", "boolean", 0, ""}, {"maySetSeen", "boolean", 0, ""},
			{"maySetKeywords", "boolean", 0, ""}, {"mayCreateChild", "boolean", 0, ""}, {"mayRename", "boolean", 0, ""}, {"mayDelete", "boolean", 0, ""},
			{"maySubmit", "boolean", 0, ""}}},
		{Name: "EmailAddress", Says: "An address in a field (RFC 8621 §4.1.2.3).", Shape: Shape{
			{"name", "string | null", 0, ""}, {"email", "string", Required, ""}}},
		{Name: "EmailAddressGroup", Says: "Addresses that have a name together, or none (RFC 8621 §4.1.2.4).", Shape: Shape{
			{"name", "string | null", 0, ""}, {"addresses", "EmailAddress[]", Required, ""}}},
		{Name: "EmailHeader", Says: "A field of a header as it stands there.", Shape: Shape{{"name", "string", Required, ""}, {"value", "string", Required, ""}}},
		{Name: "EmailBodyPart", Says: "A part of a message (RFC 8621 §4.1.4).", Shape: partShape, Headers: true},
		{Name: "EmailBodyValue", Says: "A text of a message (RFC 8621 §4.1.4).", Shape: Shape{
			{"value", "string", Required, ""}, {"isEncodingProblem", "boolean", 0, ""}, {"isTruncated", "boolean", 0, ""}}},
		{Name: "EmailImport", Says: "A message to be made of a file.", Shape: Shape{
			{"blobId", "BlobId", Required, ""}, {"mailboxIds", "IdMap<MailboxId, true>", Required, ""}, {"keywords", "Record<string, true>", Optional, ""},
			{"receivedAt", "UTCDate", Optional, ""}}},
		{Name: "SearchSnippet", Says: "Where a message says what is looked for; <mark> is around it (RFC 8621 §5).", Shape: Shape{
			{"emailId", "EmailId", 0, ""}, {"subject", "string | null", 0, ""}, {"preview", "string | null", 0, ""}}},
		{Name: "MailCapability", Says: "What urn:ietf:params:jmap:mail says of an account (RFC 8621 §1.3.1).", Shape: Shape{
			{"maxMailboxesPerEmail", "UnsignedInt | null", 0, ""}, {"maxMailboxDepth", "UnsignedInt | null", 0, ""}, {"maxSizeMailboxName", "UnsignedInt", 0, "in octets"},
			{"maxSizeAttachmentsPerEmail", "UnsignedInt", 0, "in octets"}, {"emailQuerySortOptions", "string[]", 0, ""}, {"mayCreateTopLevelMailbox", "boolean", 0, ""}}},
	},
	account: "MailCapability",
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
