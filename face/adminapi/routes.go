package adminapi

const base = "/admin/v1"

// route is one thing that a program can ask for.
type route struct {
	method, path string // as http.ServeMux has it, below base
	id, summary  string // its name in the document, and what it does
	query        []param
	in, out      any // a zero value of what the body and the answer hold; nil: nothing
	do           func(*request) (any, error)
}

// param is a word of the address, behind the question mark.
type param struct{ name, what string }

var (
	after = param{"after", "go on behind this one: next of the answer before"}
	most  = param{"limit", "items of the answer, 100 unless told, at most 500"}
)

// routes is the whole API; the document is made from it, and a test holds each route against it.
var routes = []route{
	{"GET", "/organisations", "findOrganisations", "premises that match an ODS code, a postcode, or words of name and town", []param{{"find", "what to look for"}, most}, nil, list[organisationOut]{}, findOrganisations},
	{"POST", "/organisations", "addOrganisation", "an organisation that is in no list", nil, organisationIn{}, organisationOut{}, addOrganisation},
	{"GET", "/organisations/{code}", "getOrganisation", "an organisation and its mailboxes", nil, nil, organisationOut{}, getOrganisation},
	{"GET", "/accounts", "listAccounts", "all accounts, those of mailboxes and programs too", []param{after, most}, nil, list[accountOut]{}, listAccounts},
	{"POST", "/accounts", "addAccount", "a person's account, to be activated", nil, accountIn{}, accountOut{}, addAccount},
	{"GET", "/accounts/{account}", "getAccount", "an account, by an address or its id", nil, nil, accountOut{}, getAccount},
	{"PUT", "/accounts/{account}/state", "setAccountState", "make an account active, inactive, disabled, leaver or blocked", nil, stateIn{}, stateOut{}, setState},
	{"POST", "/accounts/{account}/unlock", "unlockAccount", "end a lock-out", nil, nil, nil, unlock},
	{"PUT", "/accounts/{account}/programs", "setPrograms", "open a mailbox, a person's own or a shared one, to mail programs, or shut it to them", nil, programsIn{}, programsOut{}, setPrograms},
	{"GET", "/mailboxes", "listMailboxes", "the shared mailboxes", []param{after, most}, nil, list[accountOut]{}, listMailboxes},
	{"POST", "/mailboxes", "addMailbox", "the shared mailbox of an organisation", nil, mailboxIn{}, accountOut{}, addMailbox},
	{"GET", "/mailboxes/{mailbox}/reading", "getReading", "who counts as having read a letter of a shared mailbox", nil, nil, readingOut{}, getReading},
	{"PUT", "/mailboxes/{mailbox}/reading", "setReading", "decide it: all together, or each person for oneself", nil, readingIn{}, readingOut{}, setReading},
	{"GET", "/mailboxes/{mailbox}/members", "listMembers", "who has access to a shared mailbox", nil, nil, list[memberOut]{}, listMembers},
	{"PUT", "/mailboxes/{mailbox}/members/{account}", "setMember", "let a person in, or change rights and end; what is not named stays", nil, memberIn{}, memberOut{}, setMember},
	{"DELETE", "/mailboxes/{mailbox}/members/{account}", "removeMember", "end a person's access", []param{{"safety", "true: also the last owner's"}}, nil, nil, removeMember},
	{"GET", "/calls", "listCalls", "what people who lost their details asked, and no page could answer", []param{most}, nil, list[callOut]{}, listCalls},
	{"POST", "/calls/{id}/close", "closeCall", "a call was seen to", nil, nil, nil, closeCall},
	{"GET", "/tasks", "listTasks", "registrations that only people can settle", []param{most}, nil, list[taskOut]{}, listTasks},
	{"GET", "/tasks/{reference}", "getTask", "what a request for one more account or an application without a passcode says", nil, nil, decideOut{}, getTask},
	{"POST", "/tasks/approve", "approveApplication", "one of the two approvals of an application without a passcode", nil, approveIn{}, approveOut{}, approveTask},
	{"POST", "/tasks/settle", "settleTask", "close a task of a registration, or make the account of another person", nil, settleIn{}, settleOut{}, settleTask},
	{"POST", "/organisations/{code}/thaw", "thaw", "the premises was spoken to, and all is right: open what it froze", nil, nil, nil, thaw},
	{"GET", "/rules", "getRules", "the rules of use that were published last", nil, nil, rulesOut{}, getRules},
	{"POST", "/rules", "publishRules", "publish the next rules of use, which everybody is asked to accept", nil, rulesIn{}, rulesOut{}, publishRules},
	{"GET", "/tokens", "listTokens", "the tokens that serve", nil, nil, list[tokenOut]{}, listTokens},
	{"POST", "/tokens", "makeToken", "make a token; over the local socket alone", nil, tokenIn{}, tokenOut{}, makeToken},
	{"DELETE", "/tokens/{id}", "revokeToken", "end a token at once", nil, nil, nil, revokeToken},
	{"GET", "/queue", "listQueue", "letters on their way out: envelopes and last replies", []param{{"domain", "recipients' domain"}, {"from", "sender's address"}, {"state", "waiting, sending, held or telling"}, after, most}, nil, list[letterOut]{}, listQueue},
	{"GET", "/queue/{id}", "getLetter", "one letter's envelope and the last replies", nil, nil, letterOut{}, getLetter},
	{"POST", "/queue/{id}/hold", "holdLetter", "do not try it until released", nil, nil, changedOut{}, holdLetter},
	{"POST", "/queue/{id}/release", "releaseLetter", "try a held one again", nil, nil, changedOut{}, releaseLetter},
	{"POST", "/queue/{id}/retry", "retryLetter", "try now", nil, nil, changedOut{}, retryLetter},
	{"GET", "/held/{account}", "listHeld", "originals of letters out of which files were taken, kept for a mailbox", nil, nil, list[heldOut]{}, listHeld},
	{"POST", "/held/{account}/{id}/release", "releaseHeld", "put such an original into the mailbox, unread; its recipient asked for it", nil, nil, nil, releaseHeld},
	{"GET", "/notices", "listNotices", "the status notices that everybody sees", []param{{"past", "true: those that are over"}, most}, nil, list[noticeOut]{}, listNotices},
	{"POST", "/notices", "postNotice", "tell everybody on the status and start pages", nil, noticeIn{}, noticeOut{}, postNotice},
	{"POST", "/notices/{id}/end", "endNotice", "a status notice is over", nil, nil, nil, endNotice},
	{"GET", "/texts", "listTexts", "the pages about the service", nil, nil, list[textOut]{}, listTexts},
	{"GET", "/texts/{name}", "getText", "what a text says", nil, nil, textOut{}, getText},
	{"PUT", "/texts/{name}", "writeText", "publish the next version of a text", nil, textIn{}, textOut{}, writeText},
	{"GET", "/operators", "listOperators", "who runs the service", nil, nil, list[operatorOut]{}, listOperators},
}

// list is a bounded answer of several. An empty one is an empty list.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"there are more: give this as after"`
}
