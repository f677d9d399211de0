package jmap

import (
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
	"haven/platform/errs"
)

// workChecks is the type WorkCheck: the look at a shared mailbox with which a day begins.
type workChecks struct{}

var workCheckShape = Shape{
	{"id", "WorkCheckId", ServerSet, `"K" and the day's digits, such as K20261127`},
	{"day", "string", ServerSet, "in London, such as 2026-11-27"},
	{"isAsked", "boolean", ServerSet, "whether the premises is open on that day, or nobody has said when it is"},
	{"lateAt", "UTCDate | null", ServerSet, "until when it should be made"},
	{"checkedAt", "UTCDate | null", ServerSet, "null while nobody has made it"},
	{"checkedBy", "AccountId | null", ServerSet, ""},
	{"checkedByName", "string | null", ServerSet, ""},
	{"since", "UTCDate | null", ServerSet, "when the last one before was made"},
	{"came", "UnsignedInt", ServerSet, "Threads of the Inbox to which something came since"},
	{"open", "UnsignedInt", ServerSet, "and that are not done"},
	{"due", "UnsignedInt", ServerSet, "and that run out by the end of the day, or have"},
}

var workCheckProperties = workCheckShape.names()

func (workChecks) Properties() (all, usual []string) { return workCheckProperties, workCheckProperties }

func (workChecks) State(c *call, v mailbox.Viewer) (string, error) {
	return c.workState(v, work.Checked)
}

func checkID(day int64) string { return "K" + strings.ReplaceAll(work.Day(day).String(), "-", "") }

// daysOf are the days of ids; what can't be one is left out.
func daysOf(ids []string) (days []work.Day) {
	for _, id := range ids {
		if len(id) != len("K20261127") || id[0] != 'K' {
			continue
		}
		if day, ok := work.ParseDay(id[1:5] + "-" + id[5:7] + "-" + id[7:]); ok {
			days = append(days, day)
		}
	}
	return days
}

// All are those that were made.
func (workChecks) All(c *call, v mailbox.Viewer) ([]string, error) {
	days, err := c.work().ChecksMade(c.ctx, v, c.srv.o.Policy.Get+1)
	return idsOf(days, func(d work.Day) string { return checkID(int64(d)) }), err
}

func (workChecks) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	var checks []work.Check
	var by []haven.AccountNo
	if err := c.work().Checks(c.ctx, v, daysOf(ids), func(k work.Check) { checks, by = append(checks, k), append(by, k.By) }); err != nil {
		if errs.Is(err, errs.NotFound) { // a personal mailbox has none
			return nil
		}
		return err
	}
	of, err := c.faces(by)
	for _, k := range checks {
		add(checkID(int64(k.Day)), of.check(k))
	}
	return err
}

func (f faces) check(k work.Check) record {
	r := record{"day": k.Day.String(), "isAsked": k.Asked, "lateAt": dateOrNull(k.LateAt), "checkedAt": dateOrNull(k.At), "since": dateOrNull(k.Since), "came": k.Came, "open": k.Open, "due": k.Due}
	f.put(r, "checkedBy", k.By)
	return r
}

func (workChecks) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	return c.workChanges(v, work.Checked, since, most, checkID)
}

func (workChecks) Hold(_ *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return work.Hold(v.Account, work.Checked, at)
}

// Set makes today's check. It stays as it is: a check says what somebody saw.
func (t workChecks) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		if err := t.create(c, v, s, x); err != nil {
			s.NotCreated(x.CID, err)
		}
	}
	for _, x := range s.Update {
		s.NotUpdated(x.ID, errCheckStays)
	}
	for _, id := range s.Destroy {
		s.NotDestroyed(id, errCheckStays)
	}
	return nil
}

var errCheckStays = refuse("forbidden", "A check that was made stays as it is.")

func (workChecks) create(c *call, v mailbox.Viewer, s *setting, x creating) error {
	if err := x.Object.Done(); err != nil {
		return err
	}
	k, err := c.work().MakeCheck(c.ctx, v)
	if err != nil && !hasRule(err, string(work.RuleChecked)) {
		return workError(err)
	}
	of, ferr := c.faces([]haven.AccountNo{k.By})
	if ferr != nil {
		return ferr
	}
	r := of.check(k)
	if err != nil {
		e := workError(err)
		e.extra = record{"checkedAt": r["checkedAt"], "checkedBy": r["checkedBy"], "checkedByName": r["checkedByName"]}
		return e
	}
	s.Created(x.CID, checkID(int64(k.Day)), r)
	return nil
}
