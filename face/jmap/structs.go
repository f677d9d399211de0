package jmap

// structs are the objects that are values within others.
var structs = []Struct{
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
	{Name: "Envelope", Says: "From whom and to whom a message is sent (RFC 8621 §7).", Shape: Shape{
		{"mailFrom", "EnvelopeAddress", Required, ""}, {"rcptTo", "EnvelopeAddress[]", Required, ""}}},
	{Name: "EnvelopeAddress", Says: "An address with SMTP's parameters.", Shape: Shape{
		{"email", "string", Required, ""}, {"parameters", "Record<string, string | null> | null", 0, ""}}},
	{Name: "DeliveryStatus", Says: "What became of a message at one address.", Shape: Shape{
		{"smtpReply", "string", 0, ""}, {"delivered", `"queued" | "yes" | "no" | "unknown"`, 0, ""}, {"displayed", `"unknown" | "yes"`, 0, ""}}},
	{Name: "WorkCounts", Says: "How many Threads of a Mailbox there are in each view.", Shape: Shape{
		{"unassigned", "UnsignedInt", 0, ""}, {"mine", "UnsignedInt", 0, ""}, {"others", "UnsignedInt", 0, ""}, {"done", "UnsignedInt", 0, ""}}},
	{Name: "CoreCapability", Says: "What urn:ietf:params:jmap:core says of limits (RFC 8620 §2).", Shape: Shape{
		{"maxSizeUpload", "UnsignedInt", 0, ""}, {"maxConcurrentUpload", "UnsignedInt", 0, ""}, {"maxSizeRequest", "UnsignedInt", 0, ""},
		{"maxConcurrentRequests", "UnsignedInt", 0, ""}, {"maxCallsInRequest", "UnsignedInt", 0, ""}, {"maxObjectsInGet", "UnsignedInt", 0, ""},
		{"maxObjectsInSet", "UnsignedInt", 0, ""}, {"collationAlgorithms", "string[]", 0, ""}}},
	{Name: "WebSocketCapability", Says: "Where requests and pushes go over a WebSocket (RFC 8887 §3).", Shape: Shape{
		{"url", "string", 0, ""}, {"supportsPush", "boolean", 0, ""}}},
	{Name: "MailCapability", Says: "What urn:ietf:params:jmap:mail says of an account (RFC 8621 §1.3.1).", Shape: Shape{
		{"maxMailboxesPerEmail", "UnsignedInt | null", 0, ""}, {"maxMailboxDepth", "UnsignedInt | null", 0, ""}, {"maxSizeMailboxName", "UnsignedInt", 0, "in octets"},
		{"maxSizeAttachmentsPerEmail", "UnsignedInt", 0, "in octets"}, {"emailQuerySortOptions", "string[]", 0, ""}, {"mayCreateTopLevelMailbox", "boolean", 0, ""}}},
	{Name: "SubmissionCapability", Says: "What urn:ietf:params:jmap:submission says of an account (RFC 8621 §1.3.2).", Shape: Shape{
		{"maxDelayedSend", "UnsignedInt", 0, "in seconds"}, {"submissionExtensions", "Record<string, string[]>", 0, ""}}},
	{Name: "WorkCapability", Says: "What urn:haven:work says of an account (docs/jmap-work.md 1).", Shape: Shape{
		{"mayHandle", "boolean", 0, ""}, {"mayChangeSettings", "boolean", 0, ""}, {"maxNotesPerThread", "UnsignedInt", 0, ""}, {"maxSizeNote", "UnsignedInt", 0, "in octets"},
		{"maxDeadlinesPerThread", "UnsignedInt", 0, ""}, {"maxDeadlineSeconds", "UnsignedInt", 0, ""}, {"presenceSeconds", "UnsignedInt", 0, ""},
		{"keywordHandled", "string", 0, ""}, {"keywordDone", "string", 0, ""}}},
}

// capabilityShapes are the structs that say what a capability says: of the session, or of an account.
var capabilityShapes = struct{ session, account map[string]string }{
	session: map[string]string{coreURN: "CoreCapability", socketURN: "WebSocketCapability"},
	account: map[string]string{mailURN: "MailCapability", submissionURN: "SubmissionCapability", workURN: "WorkCapability"},
}
