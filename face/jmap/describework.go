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
		{Name: "WorkFiling", Says: "That a message was filed to a patient's record (docs/jmap-work.md 8).", Shape: workFilingShape, reads: workFilings{}, Flat: true, query: workFilings{},
			Conditions: Shape{
				{"threadId", "ThreadId", 0, ""},
				{"emailId", "EmailId", 0, ""}},
			Sorts:     []string{"filedAt"},
			Arguments: map[string]Shape{"set": {{"again", "EmailId[] | null", 0, "those that are filed though they were filed already"}}}},
		{Name: "WorkPresence", Says: "Somebody at a Thread now (docs/jmap-work.md 5).", Shape: workPresenceShape, reads: workPresences{},
			Arguments: map[string]Shape{"set": {{"tab", "string", 0, "up to 64 octets; a tab is at one Thread at a time"}}}},
		{Name: "WorkCheck", Says: "The look at a shared mailbox with which a day begins (docs/jmap-work.md 9).", Shape: workCheckShape, reads: workChecks{}, Flat: true},
		{Name: "WorkPerson", Says: "Somebody who may handle what comes to an account (docs/jmap-work.md 11).", Shape: workPersonShape, Kept: true, reads: workPeople{}},
		{Name: "WorkSettings", Says: "What the owners of a mailbox chose of work in it (docs/jmap-work.md 6).", Shape: workSettingsShape, Kept: true, reads: workSettings{}},
	},
	methods: []Method{
		{"WorkReport/get", "Tells owners what became of a mailbox in some days (docs/jmap-work.md 10).",
			Shape{{"accountId", "AccountId", Required, ""}, {"from", "string", Required, "a day in London, such as 2026-11-23"}, {"until", "string", Required, "the last day, at most 30 days later"}},
			Shape{{"accountId", "AccountId", 0, ""}, {"total", "WorkTally", 0, ""}, {"days", "WorkDay[]", 0, ""}, {"categories", "WorkCategory[]", 0, ""}, {"late", "WorkLate[]", 0, "at most 200"},
				{"hasMoreLate", "boolean", 0, ""}, {"areHoursKnown", "boolean", 0, "whether somebody has said when the premises is open; else all hours count, and no check is missed"}}},
	},
	structs: []Struct{
		{Name: "WorkTally", Says: "How much there was of what.", Shape: workTallyShape},
		{Name: "WorkDay", Says: "One day of a report.", Shape: append(Shape{
			{"day", "string", 0, "in London, such as 2026-11-27"}, {"isAsked", "boolean", 0, ""}, {"isMissed", "boolean", 0, "nobody has made the check, and the time for it is over"},
			{"checkedAt", "UTCDate | null", 0, ""}, {"checkedBy", "AccountId | null", 0, ""}, {"checkedByName", "string | null", 0, ""}}, workTallyShape...)},
		{Name: "WorkCategory", Says: "What there was of one category.", Shape: append(Shape{{"category", "string | null", 0, "null: of what has none"}}, workTallyShape...)},
		{Name: "WorkLate", Says: "A deadline that passed without done.", Shape: Shape{
			{"threadId", "ThreadId", 0, ""}, {"rule", "string", 0, ""}, {"dueAt", "UTCDate", 0, ""}, {"endedAt", "UTCDate | null", 0, "null while it is not done"}}},
		{Name: "WorkCounts", Says: "How many Threads of a Mailbox there are in each view.", Shape: Shape{
			{"unassigned", "UnsignedInt", 0, ""}, {"mine", "UnsignedInt", 0, ""}, {"others", "UnsignedInt", 0, ""}, {"done", "UnsignedInt", 0, ""}}},
		{Name: "WorkStep", Says: "That somebody was told of a deadline (docs/jmap-work.md 4).", Shape: Shape{
			{"stage", `"warned" | "owners" | "head-office" | "local-team"`, 0, ""}, {"at", "UTCDate", 0, ""},
			{"texts", "UnsignedInt", 0, "to how many by text"}, {"letters", "UnsignedInt", 0, "and by letter"}}},
		{Name: "WorkCapability", Says: "What urn:haven:work says of an account (docs/jmap-work.md 1).", Shape: Shape{
			{"mayHandle", "boolean", 0, ""}, {"mayChangeSettings", "boolean", 0, ""}, {"maySeeReport", "boolean", 0, ""}, {"maxNotesPerThread", "UnsignedInt", 0, ""}, {"maxSizeNote", "UnsignedInt", 0, "in octets"},
			{"maxDeadlinesPerThread", "UnsignedInt", 0, ""}, {"maxDeadlineSeconds", "UnsignedInt", 0, ""}, {"presenceSeconds", "UnsignedInt", 0, ""},
			{"keywordHandled", "string", 0, ""}, {"keywordDone", "string", 0, ""},
			{"maxFilingsPerEmail", "UnsignedInt", 0, ""}, {"recordYears", "UnsignedInt", 0, "what is filed is kept to the end of this many years after the one in which it is"},
			{"takeBackSeconds", "UnsignedInt", 0, ""}, {"keywordFiled", "string", 0, ""}}},
	},
	account: "WorkCapability",
}

var workTallyShape = Shape{
	{"arrived", "UnsignedInt", 0, "Threads in which something was to be done from then on"},
	{"answered", "UnsignedInt", 0, ""},
	{"done", "UnsignedInt", 0, ""},
	{"late", "UnsignedInt", 0, "deadlines that passed without done"},
	{"medianSeconds", "UnsignedInt | null", 0, "from arrived to done, while the premises was open; null where nothing was done"},
	{"mostSeconds", "UnsignedInt | null", 0, "within which nine of ten were done"},
}
