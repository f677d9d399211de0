package jmap

// submissionDescription is what is told of sending (RFC 8621 §6, §7).
var submissionDescription = description{
	urn:   submissionURN,
	table: submissionMethods,
	types: []DataType{
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
	},
	structs: []Struct{
		{Name: "Envelope", Says: "From whom and to whom a message is sent (RFC 8621 §7).", Shape: Shape{
			{"mailFrom", "EnvelopeAddress", Required, ""}, {"rcptTo", "EnvelopeAddress[]", Required, ""}}},
		{Name: "EnvelopeAddress", Says: "An address with SMTP's parameters.", Shape: Shape{
			{"email", "string", Required, ""}, {"parameters", "Record<string, string | null> | null", 0, ""}}},
		{Name: "DeliveryStatus", Says: "What became of a message at one address.", Shape: Shape{
			{"smtpReply", "string", 0, ""}, {"delivered", `"queued" | "yes" | "no" | "unknown"`, 0, ""}, {"displayed", `"unknown" | "yes"`, 0, ""}}},
		{Name: "SubmissionCapability", Says: "What urn:ietf:params:jmap:submission says of an account (RFC 8621 §1.3.2).", Shape: Shape{
			{"maxDelayedSend", "UnsignedInt", 0, "in seconds"}, {"submissionExtensions", "Record<string, string[]>", 0, ""},
			{"havenOnBehalf", "boolean", Optional, "what is sent names the person too, in Sender"}}},
	},
	account: "SubmissionCapability",
}

// vacationDescription is what is told of automatic replies (RFC 8621 §8).
var vacationDescription = description{
	urn:   vacationURN,
	table: vacationMethods,
	types: []DataType{
		{Name: "VacationResponse", Says: "The automatic reply of an account (RFC 8621 §8).", Shape: vacationShape, Kept: true, reads: vacations{}},
	},
}
