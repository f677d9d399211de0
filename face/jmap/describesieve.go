package jmap

// sieveDescription is what is told of filters (RFC 9661).
var sieveDescription = description{
	urn:   sieveURN,
	table: sieveMethods,
	types: []DataType{
		{Name: "SieveScript", Says: "A filter (RFC 9661 §2).", Shape: scriptShape, reads: scripts{}, query: scripts{},
			Conditions: Shape{
				{"name", "string", 0, "is in its name"},
				{"isActive", "boolean", 0, ""}},
			Sorts: []string{"name", "isActive"},
			Arguments: map[string]Shape{"set": {
				{"onSuccessActivateScript", "SieveScriptId | null", 0, "which is active then"},
				{"onSuccessDeactivateScript", "boolean", 0, "none is active then"}}}},
	},
	methods: []Method{
		{"SieveScript/validate", "Says whether a file is a filter (RFC 9661 §2.6).",
			Shape{{"accountId", "AccountId", Required, ""}, {"blobId", "BlobId", Required, ""}},
			Shape{{"accountId", "AccountId", 0, ""}, {"error", "SetError | null", 0, ""}}},
	},
	structs: []Struct{
		{Name: "SieveCapability", Says: "What urn:ietf:params:jmap:sieve says of the session (RFC 9661 §1.2).", Shape: Shape{{"implementation", "string", 0, ""}}},
		{Name: "SieveAccountCapability", Says: "What it says of an account.", Shape: Shape{
			{"maxSizeScriptName", "UnsignedInt", 0, "in octets"}, {"maxSizeScript", "UnsignedInt | null", 0, "in octets"}, {"maxNumberScripts", "UnsignedInt | null", 0, ""},
			{"maxNumberRedirects", "UnsignedInt | null", 0, ""}, {"sieveExtensions", "string[]", 0, ""}, {"notificationMethods", "string[] | null", 0, ""},
			{"externalLists", "string[] | null", 0, ""}}},
	},
	session: "SieveCapability",
	account: "SieveAccountCapability",
}

// mdnDescription is what is told of receipts (RFC 9007).
var mdnDescription = description{
	urn:   mdnURN,
	table: mdnMethods,
	methods: []Method{
		{"MDN/send", "Sends receipts (RFC 9007 §2.1).",
			Shape{{"accountId", "AccountId", Required, ""}, {"identityId", "IdentityId", Required, ""}, {"send", "Record<string, MDNCreate>", Required, "by creation id"},
				{"onSuccessUpdateEmail", "IdMap<EmailId, EmailPatch> | null", 0, "by creation id; gives each message $mdnsent"}},
			Shape{{"accountId", "AccountId", 0, ""}, {"sent", "Record<string, Partial<MDN>> | null", 0, ""}, {"notSent", "Record<string, SetError> | null", 0, ""}}},
		{"MDN/parse", "Reads files as receipts (RFC 9007 §2.2).",
			Shape{{"accountId", "AccountId", Required, ""}, {"blobIds", "BlobId[]", Required, ""}},
			Shape{{"accountId", "AccountId", 0, ""}, {"parsed", "IdMap<BlobId, MDN> | null", 0, ""}, {"notParsable", "BlobId[] | null", 0, ""}, {"notFound", "BlobId[] | null", 0, ""}}},
	},
	structs: []Struct{
		{Name: "MDN", Says: "A receipt (RFC 9007 §2).", Shape: Shape{
			{"forEmailId", "EmailId | null", Required, ""}, {"subject", "string | null", 0, ""}, {"textBody", "string | null", 0, ""}, {"includeOriginalMessage", "boolean", 0, ""},
			{"reportingUA", "string | null", 0, ""}, {"disposition", "MDNDisposition", Required, ""}, {"mdnGateway", "string | null", ServerSet, ""},
			{"originalRecipient", "string | null", ServerSet, ""}, {"finalRecipient", "string | null", 0, ""}, {"originalMessageId", "string | null", ServerSet, ""},
			{"error", "string[] | null", ServerSet, ""}, {"extensionFields", "Record<string, string> | null", 0, ""}}},
		{Name: "MDNDisposition", Says: "What became of a message.", Shape: Shape{
			{"actionMode", `"manual-action" | "automatic-action"`, Required, ""}, {"sendingMode", `"mdn-sent-manually" | "mdn-sent-automatically"`, Required, ""},
			{"type", `"deleted" | "dispatched" | "displayed" | "processed"`, Required, ""}}},
	},
}
