package jmap

// coreDescription is what is told of the core (RFC 8620).
var coreDescription = description{
	urn:   coreURN,
	table: join(coreMethods, blobMethods),
	methods: []Method{
		{"Core/echo", "Gives back what it got (RFC 8620 §4).", nil, nil},
		{"Blob/copy", "Makes files of one account those of another (RFC 8620 §6.3).",
			Shape{{"fromAccountId", "AccountId", Required, ""}, {"accountId", "AccountId", Required, ""}, {"blobIds", "BlobId[]", Required, ""}},
			Shape{{"fromAccountId", "AccountId", 0, ""}, {"accountId", "AccountId", 0, ""}, {"copied", "IdMap<BlobId, BlobId> | null", 0, ""},
				{"notCopied", "IdMap<BlobId, SetError> | null", 0, ""}}},
	},
	structs: []Struct{
		{Name: "CoreCapability", Says: "What urn:ietf:params:jmap:core says of limits (RFC 8620 §2).", Shape: Shape{
			{"maxSizeUpload", "UnsignedInt", 0, ""}, {"maxConcurrentUpload", "UnsignedInt", 0, ""}, {"maxSizeRequest", "UnsignedInt", 0, ""},
			{"maxConcurrentRequests", "UnsignedInt", 0, ""}, {"maxCallsInRequest", "UnsignedInt", 0, ""}, {"maxObjectsInGet", "UnsignedInt", 0, ""},
			{"maxObjectsInSet", "UnsignedInt", 0, ""}, {"collationAlgorithms", "string[]", 0, ""}}},
	},
	session: "CoreCapability",
}

// socketDescription is what is told of WebSockets (RFC 8887).
var socketDescription = description{
	urn: socketURN,
	structs: []Struct{
		{Name: "WebSocketCapability", Says: "Where requests and pushes go over a WebSocket (RFC 8887 §3).", Shape: Shape{
			{"url", "string", 0, ""}, {"supportsPush", "boolean", 0, ""}}},
	},
	session: "WebSocketCapability",
}
