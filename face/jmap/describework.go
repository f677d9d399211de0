package jmap

// workDescription is what is told of who handles what (docs/jmap-work.md).
var workDescription = description{
	urn:   workURN,
	table: workMethods,
	types: []DataType{
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
		{Name: "WorkPerson", Says: "Somebody who may handle what comes to an account (docs/jmap-work.md 8).", Shape: workPersonShape, Kept: true, reads: workPeople{}},
		{Name: "WorkSettings", Says: "What the owners of a mailbox chose of work in it (docs/jmap-work.md 6).", Shape: workSettingsShape, Kept: true, reads: workSettings{}},
	},
	structs: []Struct{
		{Name: "WorkCounts", Says: "How many Threads of a Mailbox there are in each view.", Shape: Shape{
			{"unassigned", "UnsignedInt", 0, ""}, {"mine", "UnsignedInt", 0, ""}, {"others", "UnsignedInt", 0, ""}, {"done", "UnsignedInt", 0, ""}}},
		{Name: "WorkCapability", Says: "What urn:haven:work says of an account (docs/jmap-work.md 1).", Shape: Shape{
			{"mayHandle", "boolean", 0, ""}, {"mayChangeSettings", "boolean", 0, ""}, {"maxNotesPerThread", "UnsignedInt", 0, ""}, {"maxSizeNote", "UnsignedInt", 0, "in octets"},
			{"maxDeadlinesPerThread", "UnsignedInt", 0, ""}, {"maxDeadlineSeconds", "UnsignedInt", 0, ""}, {"presenceSeconds", "UnsignedInt", 0, ""},
			{"keywordHandled", "string", 0, ""}, {"keywordDone", "string", 0, ""}}},
	},
	account: "WorkCapability",
}
