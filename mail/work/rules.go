package work

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"haven"
)

// The rules of this package.
const (
	RuleChange         haven.Rule = "work.change"
	RuleClaimed        haven.Rule = "work.claimed-by-other"
	RuleDone           haven.Rule = "work.done-already"
	RuleNoAccess       haven.Rule = "work.assignee-no-access"
	RuleCategory       haven.Rule = "work.category"
	RuleNote           haven.Rule = "work.note"
	RuleNotYours       haven.Rule = "work.note-not-yours"
	RuleNotes          haven.Rule = "work.notes"
	RuleAccessOver     haven.Rule = "work.access-ended"
	RuleReopened       haven.Rule = "work.reply-reopens"
	RuleDeadline       haven.Rule = "work.deadline"
	RuleDeadlines      haven.Rule = "work.deadlines"
	RuleOnlyDone       haven.Rule = "work.only-done-ends"
	RuleCheck          haven.Rule = "work.check"
	RuleChecked        haven.Rule = "work.checked-already"
	RuleReport         haven.Rule = "work.report"
	RuleClimbs         haven.Rule = "work.climbs"
	RulePresences      haven.Rule = "work.presences"
	RuleFile           haven.Rule = "work.file"
	RuleFileDraft      haven.Rule = "work.file-draft"
	RuleFiled          haven.Rule = "work.filed-already"
	RuleFilings        haven.Rule = "work.filings"
	RulePatient        haven.Rule = "work.nhs-number"
	RuleReference      haven.Rule = "work.reference"
	RuleFormat         haven.Rule = "work.format"
	RuleFilingNotYours haven.Rule = "work.filing-not-yours"
	RuleTakeBack       haven.Rule = "work.take-back"

	RuleFirstReply haven.Rule = "work.first-reply"
	RuleSawAnswer  haven.Rule = "work.saw-answer"
	RuleAgain      haven.Rule = "work.sent-anyway"
	RuleAnswered   haven.Rule = "work.answered-by-colleague"
)

// Facts are what MayChange looks at.
type Facts struct {
	Item      Item
	By        haven.AccountNo
	Name      string // of who handles it, or did it
	HeldOpens bool   // who handles it may still open the mailbox
	NewOpens  bool   // who is to handle it may open the mailbox
}

// MayChange says whether a person may do with an item what is wished (Rules 3; PRODUCT B1). What a colleague handles stays so, unless it is
// taken over expressly or the colleague has no access any more; so does what is done.
func MayChange(f Facts, w Wish) haven.Verdict {
	it := f.Item
	if w.Category != nil && !isCategory(*w.Category) {
		return haven.Refuse(RuleCategory, "A category is up to 40 small letters, digits and hyphens.")
	}
	if !w.Move || same(it, w) {
		return allowed(RuleChange)
	}
	if w.Status == Handled && !f.NewOpens {
		return haven.Refuse(RuleNoAccess, "This person has no access to the mailbox. One of its owners can give it.")
	}
	switch {
	case w.TakeOver:
	case it.Status == Handled && it.Holder != f.By && f.HeldOpens:
		return haven.Refuse(RuleClaimed, fmt.Sprintf("%s handles this since %s. Talk to each other, or take it over.", f.Name, at(it.Since)))
	case it.Status == Done && w.Status == Handled:
		return haven.Refuse(RuleDone, fmt.Sprintf("%s did this at %s. Look at it first, or take it over.", f.Name, at(it.Since)))
	}
	return allowed(RuleChange)
}

// same reports whether an item is already what is wished.
func same(it Item, w Wish) bool {
	return it.Status == w.Status && (w.Status != Handled || it.Holder == w.Holder)
}

func allowed(r haven.Rule) haven.Verdict { return haven.Verdict{Allowed: true, Rule: r} }

// london is where the service's people are: times in sentences are theirs.
var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC
	}
	return l
}()

func at(t time.Time) string { return t.In(london).Format("15:04 on 2 January") }

// isCategory holds a category to 40 small letters, digits and hyphens; "" is none.
func isCategory(s string) bool {
	return len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// after is the item that a wish makes of it.
func (it Item) after(w Wish, by haven.AccountNo, now time.Time) Item {
	if w.Category != nil {
		it.Category = *w.Category
	}
	if w.Move && !same(it, w) {
		it.Status, it.Holder, it.DoneBy, it.Since = w.Status, 0, 0, now
		switch w.Status {
		case Handled:
			it.Holder = w.Holder
		case Done:
			it.DoneBy = by
		}
	}
	return it
}

// action is the word of the audit record for what became of an item.
func action(was, is Item, by haven.AccountNo) string {
	switch {
	case is.Status == Done:
		return "work.done"
	case is.Status == Unhandled && was.Status == Done:
		return "work.reopened"
	case is.Status == Unhandled:
		return "work.given-back"
	case was.Status == Handled && was.Holder != by && is.Holder == by:
		return "work.taken-over"
	case is.Holder == by:
		return "work.claimed"
	case was.Holder == by:
		return "work.handed-over"
	}
	return "work.assigned"
}

// MayWrite says whether a text can be a note.
func MayWrite(text string, most int) haven.Verdict {
	switch {
	case strings.TrimSpace(text) == "":
		return haven.Refuse(RuleNote, "Write something.")
	case len(text) > most:
		return haven.Refuse(RuleNote, fmt.Sprintf("A note has at most %d octets.", most))
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == 0xfffd }):
		return haven.Refuse(RuleNote, "A note is plain text.")
	}
	return allowed(RuleNote)
}

// MayEdit says whether a person may change or remove a note: it is its author's alone.
func MayEdit(n Note, by haven.AccountNo) haven.Verdict {
	if n.Author != by {
		return haven.Refuse(RuleNotYours, "Only who wrote a note can change it. Write one of your own.")
	}
	return allowed(RuleNote)
}

// Reply is what MaySend looks at: an answer that is about to be sent in a thread.
type Reply struct {
	Item    Item
	By      haven.AccountNo
	Name    string    // of who answered
	Knows   bool      // the letter refers to the colleague's answer
	Looked  time.Time // when the person looked at the thread last; zero: that is not known
	Stopped time.Time // when this person was stopped in this thread last
}

// MaySend says whether a person may send another answer in a thread (PRODUCT B1): not where a colleague has answered since the person last
// looked. Who sends once more after that was said has it sent.
func MaySend(r Reply, answered, again time.Duration, now time.Time) haven.Verdict {
	it := r.Item
	switch {
	case it.AnsweredBy == 0 || it.AnsweredBy == r.By || now.Sub(it.AnsweredAt) >= answered:
		return allowed(RuleFirstReply)
	case r.Knows || r.Looked.After(it.AnsweredAt):
		return allowed(RuleSawAnswer)
	case r.Stopped.After(it.AnsweredAt) && now.Sub(r.Stopped) < again:
		return allowed(RuleAgain)
	}
	return haven.Refuse(RuleAnswered, fmt.Sprintf("%s answered this at %s. Look at that answer first. To send yours all the same, send it again within %d minutes.",
		r.Name, at(it.AnsweredAt), int(again.Minutes())))
}

// came is what a message that joins a thread makes of its item: what is done is new again when somebody writes, and what the mailbox sends is
// its answer. What a person put into a folder, and what is junk, changes nothing.
func (it Item) came(sentBy haven.AccountNo, delivered bool, answer int64, now time.Time) (Item, bool) {
	switch {
	case sentBy != 0:
		it.AnsweredBy, it.AnsweredAt, it.answer = sentBy, now, answer
		return it, true
	case delivered && it.Status == Done:
		it.Status, it.DoneBy, it.Since = Unhandled, 0, now
		return it, true
	}
	return it, false
}

// runs reports whether a deadline runs by a rule: then a second letter of the thread gives nobody more time.
func runs(all []Deadline, rule string) bool {
	return slices.ContainsFunc(all, func(d Deadline) bool { return d.Rule == rule && d.EndedAt.IsZero() })
}

// next is when the first stage comes that nobody was told of; zero where there is none.
func (d Deadline) next() time.Time {
	if all := d.Stages.all(); d.EndedAt.IsZero() && d.Told < len(all) {
		return all[d.Told]
	}
	return time.Time{}
}

// MayRun says whether a deadline can be set.
func MayRun(rule string, within, most time.Duration, running, mostRunning int) haven.Verdict {
	switch {
	case rule == "" || !isCategory(rule):
		return haven.Refuse(RuleDeadline, "What asks for a deadline is named by up to 40 small letters, digits and hyphens.")
	case within <= 0 || within > most:
		return haven.Refuse(RuleDeadline, fmt.Sprintf("A deadline is at most %d days from its start.", int(most.Hours()/24)))
	case running >= mostRunning:
		return haven.Refuse(RuleDeadlines, fmt.Sprintf("This has %d deadlines already.", running))
	}
	return allowed(RuleDeadline)
}
