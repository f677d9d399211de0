package jmap

// blobDescription is what is told of files within requests (RFC 9404).
var blobDescription = description{
	urn:   blobURN,
	table: blobManagementMethods,
	methods: []Method{
		{"Blob/upload", "Makes files of what is given, and of others (RFC 9404 §4.1).",
			Shape{{"accountId", "AccountId", Required, ""}, {"create", "Record<string, BlobUpload>", Required, "by creation id"}},
			Shape{{"accountId", "AccountId", 0, ""}, {"created", "Record<string, Upload & { id: BlobId }> | null", 0, ""},
				{"notCreated", "Record<string, SetError> | null", 0, ""}}},
		{"Blob/get", "Reads files, or parts of them (RFC 9404 §4.2).",
			Shape{{"accountId", "AccountId", Required, ""}, {"ids", "BlobId[]", Required, ""},
				{"properties", `readonly ("data" | "data:asText" | "data:asBase64" | "digest:sha" | "digest:sha-256" | "size")[] | null`, 0, ""}, {"offset", "UnsignedInt | null", 0, ""},
				{"length", "UnsignedInt | null", 0, ""}},
			Shape{{"accountId", "AccountId", 0, ""}, {"list", "BlobData[]", 0, ""}, {"notFound", "BlobId[]", 0, ""}}},
		{"Blob/lookup", "Tells what refers to files (RFC 9404 §4.3).",
			Shape{{"accountId", "AccountId", Required, ""}, {"typeNames", `("Mailbox" | "Thread" | "Email")[]`, Required, ""}, {"ids", "BlobId[]", Required, ""}},
			Shape{{"accountId", "AccountId", 0, ""}, {"list", "BlobInfo[]", 0, ""}}},
	},
	structs: []Struct{
		{Name: "BlobUpload", Says: "A file to be made of pieces.", Shape: Shape{
			{"data", "DataSource[]", Required, ""}, {"type", "string | null", Optional, ""}}},
		{Name: "DataSource", Says: "A piece: one of the first three.", Shape: Shape{
			{"data:asText", "string | null", Optional, ""}, {"data:asBase64", "string | null", Optional, ""}, {"blobId", "BlobId | null", Optional, ""},
			{"offset", "UnsignedInt | null", Optional, ""}, {"length", "UnsignedInt | null", Optional, ""}}},
		{Name: "BlobData", Says: "What is in a file, as it was asked for.", Shape: Shape{
			{"id", "BlobId", 0, ""}, {"data:asText", "string | null", Optional, ""}, {"data:asBase64", "string", Optional, ""}, {"digest:sha", "string", Optional, ""},
			{"digest:sha-256", "string", Optional, ""}, {"size", "UnsignedInt", Optional, ""}, {"isEncodingProblem", "boolean", Optional, ""}, {"isTruncated", "boolean", Optional, ""}}},
		{Name: "BlobInfo", Says: "What refers to a file.", Shape: Shape{
			{"id", "BlobId", 0, ""}, {"matchedIds", "{ Mailbox?: MailboxId[]; Thread?: ThreadId[]; Email?: EmailId[] }", 0, ""}}},
		{Name: "BlobCapability", Says: "What urn:ietf:params:jmap:blob says of an account (RFC 9404 §3.1).", Shape: Shape{
			{"maxSizeBlobSet", "UnsignedInt | null", 0, ""}, {"maxDataSources", "UnsignedInt", 0, ""}, {"supportedTypeNames", "string[]", 0, ""},
			{"supportedDigestAlgorithms", "string[]", 0, ""}}},
	},
	account: "BlobCapability",
}
