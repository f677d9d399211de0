package adminapi

import (
	"context"
	"strconv"
	"time"

	"haven"
	"haven/mail/outbox"
	"haven/people/notice"
	"haven/people/texts"
	"haven/platform/blob"
	"haven/platform/errs"
)

type callOut struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" doc:"lost details, lost mailbox, locum without an account, or disputed end of a post"`
	First   string    `json:"first" doc:"what the caller said, of which nothing is proven"`
	Last    string    `json:"last"`
	Code    string    `json:"code,omitempty"`
	Mailbox string    `json:"mailbox,omitempty"`
	Reason  string    `json:"reason,omitempty" doc:"why an owner asks for it"`
}

func listCalls(q *request) (any, error) {
	n, err := q.limit()
	if err != nil {
		return nil, err
	}
	all, err := q.s.o.Helpdesk.Calls(q.r.Context(), n)
	out := list[callOut]{Items: []callOut{}}
	for _, c := range all {
		out.Items = append(out.Items, callOut{strconv.FormatInt(c.ID, 10), c.At, string(c.Kind), c.Says.First, c.Says.Last, c.Says.Code, c.Says.Mailbox, c.Says.Reason})
	}
	return out, err
}

func closeCall(q *request) (any, error) {
	id, err := q.id()
	if err == nil {
		err = q.s.o.Helpdesk.Close(q.r.Context(), q.actor, id)
	}
	return nil, err
}

type letterOut struct {
	ID         string         `json:"id"`
	From       string         `json:"from"`
	Created    time.Time      `json:"created"`
	Size       int64          `json:"size" doc:"octets"`
	Recipients []recipientOut `json:"recipients"`
}

type recipientOut struct {
	Address  string    `json:"address"`
	State    string    `json:"state" doc:"waiting, sending, held or telling"`
	Due      time.Time `json:"due"`
	Attempts int       `json:"attempts"`
	Code     int       `json:"code,omitempty" doc:"last reply code"`
	Reply    string    `json:"reply,omitempty" doc:"the last server's own words"`
	Host     string    `json:"host,omitempty" doc:"who answered"`
}

func outLetter(l outbox.Listed) letterOut {
	out := letterOut{ID: strconv.FormatInt(int64(l.ID), 10), From: l.From.String(), Created: l.Created, Size: l.Size, Recipients: []recipientOut{}}
	for _, r := range l.To {
		out.Recipients = append(out.Recipients, recipientOut{r.Address.String(), r.State, r.Due, r.Attempts, r.Last.Code, r.Last.Text, r.Last.Host})
	}
	return out
}

func listQueue(q *request) (any, error) {
	n, err := q.limit()
	if err != nil {
		return nil, err
	}
	words := q.r.URL.Query()
	f := outbox.Filter{Domain: words.Get("domain"), From: words.Get("from"), State: words.Get("state"), Limit: n}
	if text := words.Get("after"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errs.E(errs.Invalid, "after names no letter.")
		}
		f.After = outbox.ID(id)
	}
	all, err := q.s.o.Queue.List(q.r.Context(), f)
	out := list[letterOut]{Items: []letterOut{}}
	for _, l := range all {
		out.Items = append(out.Items, outLetter(l))
	}
	if len(all) == n {
		out.Next = out.Items[n-1].ID
	}
	return out, err
}

func getLetter(q *request) (any, error) {
	id, err := q.id()
	if err != nil {
		return nil, err
	}
	l, err := q.s.o.Queue.Show(q.r.Context(), outbox.ID(id))
	return outLetter(l), err
}

type changedOut struct {
	Recipients int64 `json:"recipients" doc:"for how many it was done"`
}

// letter does something to all recipients of one letter.
func (q *request) letter(do func(Queue, context.Context, haven.Actor, outbox.Filter) (int64, error)) (any, error) {
	id, err := q.id()
	if err != nil {
		return nil, err
	}
	if _, err := q.s.o.Queue.Show(q.r.Context(), outbox.ID(id)); err != nil {
		return nil, err
	}
	n, err := do(q.s.o.Queue, q.r.Context(), q.actor, outbox.Filter{Queue: outbox.ID(id)})
	return changedOut{n}, err
}

func holdLetter(q *request) (any, error) { return q.letter(Queue.Hold) }

func releaseLetter(q *request) (any, error) { return q.letter(Queue.Release) }

func retryLetter(q *request) (any, error) { return q.letter(Queue.Retry) }

type heldOut struct {
	ID    string    `json:"id"`
	Size  int64     `json:"size" doc:"octets"`
	Until time.Time `json:"until" doc:"kept until then"`
}

func listHeld(q *request) (any, error) {
	a, err := q.account("account")
	if err != nil {
		return nil, err
	}
	all, err := q.s.o.Held.Held(q.r.Context(), a.No)
	out := list[heldOut]{Items: []heldOut{}}
	for _, h := range all {
		out.Items = append(out.Items, heldOut{strconv.FormatInt(int64(h.Body), 10), h.Size, h.Until})
	}
	return out, err
}

func releaseHeld(q *request) (any, error) {
	a, err := q.account("account")
	if err != nil {
		return nil, err
	}
	id, err := q.id()
	if err != nil {
		return nil, err
	}
	return nil, q.s.o.Held.Release(q.r.Context(), q.actor, a.No, a.ID, blob.ID(id))
}

type noticeIn struct {
	Kind  string     `json:"kind" doc:"planned, problem or solved"`
	Title string     `json:"title"`
	Text  string     `json:"text"`
	From  *time.Time `json:"from,omitempty" doc:"now where not named"`
	Until *time.Time `json:"until,omitempty"`
}

type noticeOut struct {
	ID     string     `json:"id"`
	Kind   string     `json:"kind"`
	Title  string     `json:"title"`
	Text   string     `json:"text"`
	From   time.Time  `json:"from"`
	Until  *time.Time `json:"until,omitempty"`
	Posted time.Time  `json:"posted"`
	Ended  *time.Time `json:"ended,omitempty" doc:"by an operator, before its time"`
}

func outNotice(n notice.Notice) noticeOut {
	out := noticeOut{ID: strconv.FormatInt(n.ID, 10), Kind: n.Kind.String(), Title: n.Title, Text: n.Text, From: n.From, Posted: n.Posted}
	if !n.Until.IsZero() {
		out.Until = &n.Until
	}
	if !n.Ended.IsZero() {
		out.Ended = &n.Ended
	}
	return out
}

func listNotices(q *request) (any, error) {
	n, err := q.limit()
	if err != nil {
		return nil, err
	}
	all, err := q.s.o.Notices.Open(q.r.Context())
	if q.r.URL.Query().Get("past") == "true" {
		all, err = q.s.o.Notices.History(q.r.Context(), n)
	}
	out := list[noticeOut]{Items: []noticeOut{}}
	for _, one := range all {
		out.Items = append(out.Items, outNotice(one))
	}
	return out, err
}

func postNotice(q *request) (any, error) {
	in, err := body[noticeIn](q)
	if err != nil {
		return nil, err
	}
	d := notice.Draft{Kind: notice.ParseKind(in.Kind), Title: in.Title, Text: in.Text}
	if in.From != nil {
		d.From = *in.From
	}
	if in.Until != nil {
		d.Until = *in.Until
	}
	n, err := q.s.o.Notices.Post(q.r.Context(), q.actor, d)
	return outNotice(n), err
}

func endNotice(q *request) (any, error) {
	id, err := q.id()
	if err == nil {
		err = q.s.o.Notices.End(q.r.Context(), q.actor, id)
	}
	return nil, err
}

type textIn struct {
	Body string `json:"body"`
	Read int    `json:"read" doc:"the version that this one comes after; another one meanwhile is a conflict"`
}

type textOut struct {
	Name    string     `json:"name"`
	Title   string     `json:"title"`
	Version int        `json:"version" doc:"0: as it came with the program"`
	Body    string     `json:"body"`
	At      *time.Time `json:"at,omitempty"`
}

func outText(t texts.Text) textOut {
	out := textOut{Name: string(t.Name), Title: t.Name.Title(), Version: t.Version, Body: t.Body}
	if !t.At.IsZero() {
		out.At = &t.At
	}
	return out
}

func listTexts(q *request) (any, error) {
	out := list[textOut]{Items: []textOut{}}
	for _, n := range texts.Names {
		t, err := q.s.o.Texts.Current(q.r.Context(), n)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, outText(t))
	}
	return out, nil
}

func getText(q *request) (any, error) {
	t, err := q.s.o.Texts.Current(q.r.Context(), texts.Name(q.r.PathValue("name")))
	return outText(t), err
}

func writeText(q *request) (any, error) {
	in, err := body[textIn](q)
	if err != nil {
		return nil, err
	}
	t, err := q.s.o.Texts.Write(q.r.Context(), q.actor, texts.Name(q.r.PathValue("name")), in.Body, in.Read)
	return outText(t), err
}

type operatorOut struct {
	Address string    `json:"address"`
	Name    string    `json:"name"`
	Since   time.Time `json:"since"`
	Serves  bool      `json:"serves"`
	Missing string    `json:"missing,omitempty" doc:"what the role waits for"`
}

func listOperators(q *request) (any, error) {
	all, err := q.s.o.Operators.List(q.r.Context())
	out := list[operatorOut]{Items: []operatorOut{}}
	for _, o := range all {
		out.Items = append(out.Items, operatorOut{o.Person.Address.String(), o.Person.Display, o.Since, o.Serves.Allowed, o.Serves.Reason})
	}
	return out, err
}
