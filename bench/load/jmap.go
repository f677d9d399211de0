package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"haven/face/jmap/jmapclient"
)

// listed are the properties that a list of letters shows.
var listed = []string{"id", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "sentAt", "from", "to", "subject", "preview", "hasAttachment"}

// Mail is a person who speaks JMAP at the own account.
type Mail struct {
	client  *jmapclient.Client
	account string
	folders map[string]string // ids by role
	emails  []string          // some ids of the Inbox, the newest first
	state   string            // of Email
}

// Mails are the first n users, signed in.
func (t Target) Mails(n int) ([]*Mail, error) {
	pool := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 512}}
	all := make([]*Mail, n)
	return all, parallel(8, func(k int) (err error) {
		for i := k; i < n && err == nil; i += 8 {
			all[i], err = t.mail(pool, i)
		}
		return err
	})
}

// Mail is the i-th user, signed in.
func (t Target) Mail(i int) (*Mail, error) {
	return t.mail(&http.Client{Timeout: 5 * time.Minute}, i)
}

func (t Target) mail(pool *http.Client, i int) (*Mail, error) {
	ctx := context.Background()
	c, err := jmapclient.Open(ctx, pool, t.Web, jmapclient.Basic(fmt.Sprintf(t.User, 1+i), t.Password))
	if err != nil {
		return nil, err
	}
	c.Using = append(c.Using, "urn:ietf:params:jmap:mail")
	m := &Mail{client: c, account: c.Session.Own(), folders: map[string]string{}}
	var got struct {
		List []struct{ ID, Role string }
	}
	if err := m.ask(&got, m.call("Mailbox/get", jmapclient.Args{"properties": []string{"id", "role"}})); err != nil {
		return nil, err
	}
	for _, f := range got.List {
		m.folders[f.Role] = f.ID
	}
	return m, nil
}

func (m *Mail) call(name string, args jmapclient.Args) jmapclient.Call {
	args["accountId"] = m.account
	return jmapclient.Call{Name: name, Args: args, ID: name}
}

// send makes calls, and returns the answer as it came.
func (m *Mail) send(calls ...jmapclient.Call) ([]byte, error) {
	raw, err := json.Marshal(jmapclient.Request{Using: m.client.Using, Calls: calls})
	if err != nil {
		return nil, err
	}
	resp, err := m.client.Send(context.Background(), http.MethodPost, m.client.Session.APIURL, "application/json", bytes.NewReader(raw), nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && bytes.Contains(answer, []byte(`["error",`)) {
		err = fmt.Errorf("%s was answered %.300s", calls[0].Name, answer)
	}
	return answer, err
}

// ask makes calls, and reads the first answer.
func (m *Mail) ask(into any, calls ...jmapclient.Call) error {
	raw, err := m.send(calls...)
	if err != nil {
		return err
	}
	var r jmapclient.Response
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	return r.Answers[0].Into(into)
}

// list are the calls by which a client shows the first 50 letters of what a filter finds.
func (m *Mail) list(filter jmapclient.Args, collapse bool) []jmapclient.Call {
	newest := []jmapclient.Args{{"property": "receivedAt", "isAscending": false}}
	return []jmapclient.Call{
		m.call("Email/query", jmapclient.Args{"filter": filter, "sort": newest, "collapseThreads": collapse, "calculateTotal": true, "limit": 50}),
		m.call("Email/get", jmapclient.Args{"#ids": jmapclient.Ref("Email/query", "Email/query", "/ids"), "properties": listed}),
	}
}

func (m *Mail) inbox() jmapclient.Args { return jmapclient.Args{"inMailbox": m.folders["inbox"]} }

// First is how long the first window of the Inbox takes.
func (m *Mail) First(collapse bool) (time.Duration, error) {
	start := time.Now()
	_, err := m.send(m.list(m.inbox(), collapse)...)
	return time.Since(start), err
}

// Listed is what a run of lists saw.
type Listed struct{ P50, P99 time.Duration }

// List asks n times for the first window of the Inbox, every other time with threads collapsed.
func (m *Mail) List(n int) (Listed, error) {
	took := make([]time.Duration, n)
	for i := range took {
		var err error
		if took[i], err = m.First(i%2 == 1); err != nil {
			return Listed{}, err
		}
	}
	slices.Sort(took)
	return Listed{took[n/2], took[n*99/100]}, nil
}

// Sync reads what a list shows of all letters of the Inbox, up to n of them, as a new client does.
func (m *Mail) Sync(n int) (took time.Duration, found int, err error) {
	var core struct {
		Get int `json:"maxObjectsInGet"`
	}
	if err := json.Unmarshal(m.client.Session.Capabilities[jmapclient.Core], &core); err != nil {
		return 0, 0, err
	}
	start := time.Now()
	var ids struct{ IDs []string }
	if err := m.ask(&ids, m.call("Email/query", jmapclient.Args{"filter": m.inbox(), "limit": n})); err != nil {
		return 0, 0, err
	}
	chunks := slices.Collect(slices.Chunk(ids.IDs, max(core.Get, 1)))
	const atOnce = 2
	err = parallel(atOnce, func(k int) error {
		for i := k; i < len(chunks); i += atOnce {
			if _, err := m.send(m.call("Email/get", jmapclient.Args{"ids": chunks[i], "properties": listed})); err != nil {
				return err
			}
		}
		return nil
	})
	return time.Since(start), len(ids.IDs), err
}

// evenly makes n requests at an even rate whatever the answers take: what waits behind a slow answer counts as slow too.
func evenly(n, perSecond int, fn func(i int) error) (took []time.Duration, rate float64, err error) {
	took = make([]time.Duration, n)
	failed := make([]error, n)
	var group sync.WaitGroup
	start := time.Now()
	for i := range n {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		time.Sleep(time.Until(due))
		group.Go(func() {
			failed[i] = fn(i)
			took[i] = time.Since(due)
		})
	}
	group.Wait()
	rate = float64(n) / time.Since(start).Seconds()
	slices.Sort(took)
	return took, rate, errors.Join(failed...)
}

// Look has each see the newest letters and where the mailbox stands, which a day begins with.
func Look(mails []*Mail) error {
	for _, m := range mails {
		var ids struct{ IDs []string }
		if err := m.ask(&ids, m.call("Email/query", jmapclient.Args{"filter": m.inbox(), "limit": 50})); err != nil {
			return err
		}
		var state struct{ State string }
		if err := m.ask(&state, m.call("Email/get", jmapclient.Args{"ids": []string{}})); err != nil {
			return err
		}
		if m.emails, m.state = ids.IDs, state.State; len(m.emails) == 0 {
			return errors.New("an Inbox is empty")
		}
	}
	return nil
}

// Day has people do what a day brings, each at their own mailbox, at an even rate: lists, letters opened, flags, moves, changes, searches.
func Day(mails []*Mail, perSecond int, d time.Duration) (Mixed, error) {
	n := int(d.Seconds() * float64(perSecond))
	jobs := make([][]jmapclient.Call, n)
	speech := NewLanguage(1)
	for i := range jobs {
		jobs[i] = mails[i%len(mails)].job(speech)
	}
	took, rate, err := evenly(n, perSecond, func(i int) error {
		_, err := mails[i%len(mails)].send(jobs[i]...)
		return err
	})
	return Mixed{rate, took[n*99/100]}, err
}

// job is one request of a day.
func (m *Mail) job(speech *Language) []jmapclient.Call {
	email := m.emails[speech.IntN(len(m.emails))]
	switch k := speech.IntN(100); {
	case k < 25:
		return m.list(m.inbox(), k%2 == 0)
	case k < 50:
		return []jmapclient.Call{m.call("Email/get", jmapclient.Args{"ids": []string{email}, "fetchAllBodyValues": true,
			"properties": append([]string{"bodyValues", "htmlBody", "textBody", "attachments", "replyTo", "cc", "messageId"}, listed...)})}
	case k < 75:
		return []jmapclient.Call{m.call("Email/changes", jmapclient.Args{"sinceState": m.state}),
			m.call("Email/get", jmapclient.Args{"#ids": jmapclient.Ref("Email/changes", "Email/changes", "/updated"), "properties": []string{"id", "keywords", "mailboxIds"}}),
			m.call("Mailbox/get", jmapclient.Args{"properties": []string{"id", "totalEmails", "unreadEmails", "unreadThreads"}})}
	case k < 87:
		flag := [...]string{"$seen", "$flagged"}[speech.IntN(2)]
		return m.update(email, "keywords/"+flag, speech.IntN(2) == 0)
	case k < 95:
		return m.update(email, "mailboxIds", map[string]bool{m.folders[[...]string{"inbox", "archive"}[speech.IntN(2)]]: true})
	default:
		return m.list(jmapclient.Args{"text": speech.Sought()}, false)
	}
}

func (m *Mail) update(email, path string, to any) []jmapclient.Call {
	if to == false {
		to = nil
	}
	return []jmapclient.Call{m.call("Email/set", jmapclient.Args{"update": map[string]any{email: map[string]any{path: to}}})}
}

// Seek has people look for words at an even rate, each in their own mailbox, and see the first 50 letters.
func Seek(mails []*Mail, perSecond int, d time.Duration, seed uint64) (Listed, error) {
	n := int(d.Seconds() * float64(perSecond))
	speech := NewLanguage(seed)
	asked := make([]string, n)
	for i := range asked {
		asked[i] = speech.Sought()
	}
	took, _, err := evenly(n, perSecond, func(i int) error {
		m := mails[i%len(mails)]
		_, err := m.send(m.list(jmapclient.Args{"text": asked[i]}, false)...)
		return err
	})
	return Listed{took[n/2], took[n*99/100]}, err
}

// SeekOnce has each of some people look for a word in their own mailbox, one after the other, and says how long the slowest took.
func SeekOnce(mails []*Mail) (slowest time.Duration, err error) {
	speech := NewLanguage(0)
	for _, m := range mails {
		start := time.Now()
		if _, err := m.send(m.list(jmapclient.Args{"text": speech.Sought()}, false)...); err != nil {
			return 0, err
		}
		slowest = max(slowest, time.Since(start))
	}
	return slowest, nil
}

// Sockets opens n WebSockets that are told of every change, as Idle does with sessions.
func (t Target) Sockets(mails []*Mail, n int, hold time.Duration) (Idle, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return t.grown(n, hold, func(k int) (io.Closer, error) {
		s, err := mails[k%len(mails)].client.Socket(ctx, nil)
		if err != nil {
			return nil, err
		}
		return s, s.Enable(ctx, nil, nil)
	})
}

// FillWords sends letters of words to a user until the Inbox holds n.
func (t Target) FillWords(user, n int) error {
	speech := NewLanguage(uint64(user))
	return t.fill(user, n, func(i int, to string) string { return speech.Letter(i, to) })
}

// Flow sends letters of words to the users at an even rate.
func (t Target) Flow(perSecond int, d time.Duration) (rate float64, err error) {
	n := int(d.Seconds() * float64(perSecond))
	speech := NewLanguage(3)
	letters := make([]string, n)
	for i := range letters {
		letters[i] = speech.Letter(i, t.user(i))
	}
	free := make(chan *smtpConn, 64)
	for range cap(free) {
		s, err := dialSMTP(t.SMTP)
		if err != nil {
			return 0, err
		}
		defer s.Close()
		free <- s
	}
	_, rate, err = evenly(n, perSecond, func(i int) error {
		s := <-free
		defer func() { free <- s }()
		return s.send("sender@elsewhere.test", t.user(i), letters[i])
	})
	return rate, err
}

// Figure is one of the figures that the server shows of itself.
func (t Target) Figure(name string) (float64, error) {
	resp, err := http.Get(strings.TrimSuffix(t.Web, "/") + "/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("the server shows no figure %s", name)
}

// AwaitIndex waits until no letter waits to be indexed, and says how long it took.
func (t Target) AwaitIndex(most time.Duration) (time.Duration, error) {
	start := time.Now()
	for {
		n, err := t.Figure(`haven_search_behind{of="letters"}`)
		if err != nil || n == 0 {
			return time.Since(start), err
		}
		if time.Since(start) > most {
			return 0, fmt.Errorf("%g letters still wait to be indexed after %v", n, most)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
