package portal

import (
	"net/http"
	"strconv"
	"strings"

	"haven/face/portal/page"
	"haven/people/registration"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
	"haven/platform/notify"
)

const (
	operatorHome = "/operator"
	mostWaiting  = 200 // calls or tasks that one page lists
)

// operatorPage is what waits for whoever runs the service.
func operatorPage(q *request) error {
	calls, err := q.s.o.Helpdesk.Calls(q.ctx(), mostWaiting)
	if err != nil {
		return err
	}
	tasks, err := q.s.o.Registration.Tasks(q.ctx(), mostWaiting)
	if err != nil {
		return err
	}
	late, err := q.overdue()
	if err != nil {
		return err
	}
	asked, err := deskRequests(q)
	if err != nil {
		return err
	}
	shown, err := q.s.o.StatusNotices.Open(q.ctx())
	if err != nil {
		return err
	}
	sent, err := q.s.o.Notices.Figures(q.ctx())
	if err != nil {
		return err
	}
	jobs := []page.Job{
		{Href: "/operator/calls", Name: "Calls", Count: upTo(len(calls)), What: "What people asked who lost their details, and owners who need an account for somebody."},
		{Href: "/operator/tasks", Name: "Tasks", Count: upTo(min(len(tasks)+len(late), mostWaiting)), What: "Registrations that only people can settle, and mailboxes whose owners have not looked who has access."},
		{Href: "/operator/requests", Name: "Requests", Count: upTo(len(asked)), What: "New names and job titles that no owner of a mailbox can accept, or did in time."},
		{Href: "/operator/notices", Name: "Status notices", Count: strconv.Itoa(len(shown)) + " shown", What: "What everybody is told of planned work and problems."},
		{Href: textsPath, Name: "Texts", What: "Help, privacy, acceptable use and the other pages about the service."},
		{Href: "/operator/outbox", Name: "Outbox", Count: lostOf(sent), What: "Texts and e-mails to people outside."},
	}
	q.frame.Title, q.frame.Back = "Operator", home
	return q.show(http.StatusOK, page.OperatorPage(q.frame, jobs, q.figures()))
}

// upTo is a count of what a page lists.
func upTo(n int) string {
	switch {
	case n == 0:
		return "None open"
	case n == mostWaiting:
		return strconv.Itoa(n) + " or more open"
	}
	return strconv.Itoa(n) + " open"
}

// lostOf is how many texts and e-mails wait, and were lost of late.
func lostOf(sent map[notify.Channel]notify.Figures) string {
	var waiting, lost int64
	for _, f := range sent {
		waiting, lost = waiting+f.Waiting, lost+f.Lost
	}
	text := strconv.FormatInt(waiting, 10) + " waiting"
	if lost > 0 {
		text += ", " + strconv.FormatInt(lost, 10) + " did not arrive"
	}
	return text
}

// figures says how the service does, in the words of the status page.
func (q *request) figures() page.Health {
	if q.s.o.Status == nil {
		return page.Health{Working: true, Lines: []string{"Its state is not known here."}}
	}
	st := q.s.o.Status()
	return page.Health{Working: st.Working, Lines: st.Lines}
}

func callsPage(q *request) error {
	all, err := q.s.o.Helpdesk.Calls(q.ctx(), mostWaiting)
	if err != nil {
		return err
	}
	var rows []page.Call
	for _, c := range all {
		rows = append(rows, page.Call{ID: strconv.FormatInt(c.ID, 10), At: moment(c.At), Kind: string(c.Kind), First: c.Says.First, Last: c.Says.Last, Code: c.Says.Code, Mailbox: c.Says.Mailbox, Reason: c.Says.Reason})
	}
	q.frame.Title, q.frame.Back = "Calls", operatorHome
	return q.show(http.StatusOK, page.CallsPage(q.frame, rows))
}

func closeCall(q *request) error {
	id, err := strconv.ParseInt(q.value("id"), 10, 64)
	if err != nil {
		return errs.E(errs.NotFound, "")
	}
	err = q.s.o.Helpdesk.Close(q.ctx(), q.actor(), id)
	if errs.Is(err, errs.NotFound) {
		q.frame.Done = "The call was closed already."
		return callsPage(q)
	}
	if err != nil {
		return err
	}
	q.frame.Done = "The call is closed."
	return callsPage(q)
}

// taskWords are what a task is about, and what can be done.
var taskWords = map[registration.TaskKind]page.TaskWords{
	registration.TaskNotUs: {Name: "Not our registration", What: "The premises says that the registration was not theirs. Its mailbox opens to nobody, and nobody else can register it. Speak to the premises, by the telephone number in the national list.",
		Do: []page.Choice{{Value: "thaw", Label: "The premises says that all is right: open it again"}}},
	registration.TaskNotMe: {Name: "Not the person who was named", What: "Somebody who was named says not to be meant. Ask whoever applied.",
		Do: []page.Choice{{Value: "another", Label: "It is another person: make the account now"}, {Value: "settle", Label: "Nobody else was meant: make nothing"}}},
	registration.TaskFurther: {Name: "More accounts", What: "An owner asks for one more account than a premises gets by itself. The local team decides.", Reason: "Why you refuse it",
		Do: []page.Choice{{Value: "grant", Label: "Make the account"}, {Value: "refuse", Label: "Refuse it, with a reason"}}},
	registration.TaskApproval: {Name: "Application without a passcode", What: "Ring the premises first, at the number below, and ask for whoever applied. Two people approve it: one for the head office or the local team, one for the desk. The second approval sends the passcode.", Reason: "Why you refuse it",
		Do: []page.Choice{{Value: approvePrefix + "head-office", Label: "Approve it for the head office"}, {Value: approvePrefix + "local-team", Label: "Approve it for the local team"},
			{Value: approvePrefix + "desk", Label: "Approve it for the desk"}, {Value: "refuse", Label: "Refuse it, with a reason"}}},
	registration.TaskOwner: {Name: "An owner has not answered", What: "The mailbox waits for the yes of its owner, who has an account already. Ask the premises who the owner is.",
		Do: []page.Choice{{Value: "another", Label: "It is another person: make the account now"}, {Value: "settle", Label: "It is settled: make nothing"}}},
}

// taskRow is a task as pages show it.
func (q *request) taskRow(t registration.Task) (page.TaskRow, error) {
	o, err := q.s.o.Places.ByID(q.ctx(), t.Premises)
	if err != nil {
		return page.TaskRow{}, err
	}
	w := taskWords[t.Kind]
	return page.TaskRow{Href: "/operator/tasks/" + strconv.Itoa(int(t.Kind)) + "/" + string(t.Ref) + "/" + strconv.Itoa(t.Place), Name: w.Name, Ref: string(t.Ref),
		Premises: sharedmailbox.Capitals(o.Name) + ", " + sharedmailbox.Capitals(o.Place) + " (" + string(o.Code) + ")", At: moment(t.At)}, nil
}

func tasksPage(q *request) error {
	all, err := q.s.o.Registration.Tasks(q.ctx(), mostWaiting)
	if err != nil {
		return err
	}
	var rows []page.TaskRow
	for _, t := range all {
		row, err := q.taskRow(t)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	late, err := q.overdue()
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Back = "Tasks", operatorHome
	return q.show(http.StatusOK, page.TasksPage(q.frame, rows, late))
}

// task is the open one that the address names.
func (q *request) task() (registration.Task, error) {
	all, err := q.s.o.Registration.Tasks(q.ctx(), mostWaiting)
	if err != nil {
		return registration.Task{}, err
	}
	for _, t := range all {
		if strconv.Itoa(int(t.Kind)) == q.r.PathValue("kind") && string(t.Ref) == q.r.PathValue("ref") && strconv.Itoa(t.Place) == q.r.PathValue("place") {
			return t, nil
		}
	}
	return registration.Task{}, errs.E(errs.NotFound, "There is no such task, or it is done.")
}

func taskPage(q *request) error {
	t, err := q.task()
	if err != nil {
		return err
	}
	return q.showTask(http.StatusOK, t)
}

func (q *request) showTask(code int, t registration.Task, problems ...page.Problem) error {
	row, err := q.taskRow(t)
	if err != nil {
		return err
	}
	if t.Kind == registration.TaskFurther {
		w, err := q.s.o.Registration.WantedBy(q.ctx(), t.Ref)
		if err != nil {
			return err
		}
		row.More = []page.Row{{Key: "Who", Value: w.Person.Name()}, {Key: "Personal e-mail", Value: w.Person.Email}, {Key: "Mobile", Value: mobileInWords(w.Person.Mobile)}, {Key: "Asked by", Value: w.By}, {Key: "Why", Value: w.Reason}}
	}
	words := taskWords[t.Kind]
	if t.Kind == registration.TaskApproval {
		if words, row.More, err = q.approvalWords(t, words); err != nil {
			return err
		}
	}
	row.Reason = q.value("reason")
	q.frame.Title, q.frame.Errors, q.frame.Back = row.Name, problems, "/operator/tasks"
	return q.show(code, page.TaskPage(q.frame, row, words))
}

// settleTask does what an operator decided about a task.
func settleTask(q *request) error {
	t, err := q.task()
	if err != nil {
		return err
	}
	do := q.value("do")
	if choice(taskWords[t.Kind].Do, do) == "" {
		return q.showTask(http.StatusUnprocessableEntity, t, page.Problem{Field: "do", Say: "Say what is to be done"})
	}
	if asked, err := q.recently(q.r.URL.Path); asked || err != nil {
		return err
	}
	say := "Done: " + choice(taskWords[t.Kind].Do, do) + "."
	switch {
	case strings.HasPrefix(do, approvePrefix):
		say, err = q.approve(t, do)
	case do == "thaw":
		err = q.s.o.Registration.Thaw(q.ctx(), q.actor(), t.Premises)
	case do == "grant":
		err = q.s.o.Registration.Grant(q.ctx(), q.actor(), t.Ref)
		q.s.o.Notices.Nudge()
	case do == "refuse" && t.Kind == registration.TaskApproval:
		err = q.s.o.Registration.RefuseApproval(q.ctx(), q.actor(), t.Ref, q.value("reason"))
		q.s.o.Notices.Nudge()
	case do == "refuse":
		err = q.s.o.Registration.Refuse(q.ctx(), q.actor(), t.Ref, q.value("reason"))
	case do == "another":
		_, err = q.s.o.Registration.Another(q.ctx(), q.actor(), t.Ref, t.Place)
		q.s.o.Notices.Nudge()
	default:
		err = q.s.o.Registration.Settle(q.ctx(), q.actor(), t.Kind, t.Ref, t.Place)
	}
	if wrong, ok := sayOf(err); ok {
		field := "do"
		if do == "refuse" {
			field = "reason"
		}
		return q.showTask(http.StatusUnprocessableEntity, t, page.Problem{Field: field, Say: wrong})
	}
	if err != nil {
		return err
	}
	q.frame.Done = say
	return tasksPage(q)
}
