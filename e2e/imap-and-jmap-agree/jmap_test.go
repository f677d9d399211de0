package agree_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"haven/face/jmap/jmapclient"
)

// jmapHand is a program that speaks JMAP in one account. What it knows it keeps, and asks what changed.
type jmapHand struct {
	ctx     context.Context
	c       *jmapclient.Client
	account string

	emails  map[string]*email
	folders map[string]*folder
	state   [2]string // of Email and Mailbox
	list    []string  // ids of the Inbox's threads, the newest first
	listed  string    // its query state
}

type email struct {
	ID         string
	MessageID  []string
	ThreadID   string
	MailboxIDs map[string]bool
	Keywords   map[string]bool
}

type folder struct {
	ID, Name, Role                          string
	ParentID                                *string
	TotalEmails, UnreadEmails, TotalThreads int
}

func (h *jmapHand) call(into any, name string, args jmapclient.Args) error {
	args["accountId"] = h.account
	r, err := h.c.Call(h.ctx, jmapclient.Call{Name: name, Args: args, ID: "0"})
	if err != nil {
		return err
	}
	if f := r.Answers[0].Error(); f != "" {
		return fmt.Errorf("%s: %s", name, r.Answers[0].Args)
	}
	return r.Answers[0].Into(into)
}

// setAnswer is what a /set answers, as far as it matters here.
type setAnswer struct {
	Created                              map[string]struct{ ID string }
	NotCreated, NotUpdated, NotDestroyed map[string]struct{ Type, Description string }
}

func (a setAnswer) err() error {
	for _, m := range []map[string]struct{ Type, Description string }{a.NotCreated, a.NotUpdated, a.NotDestroyed} {
		for _, e := range m {
			if e.Type == "notFound" {
				return errGone
			}
			return fmt.Errorf("%s: %s", e.Type, e.Description)
		}
	}
	return nil
}

func (h *jmapHand) set(what string, args jmapclient.Args) error {
	var a setAnswer
	if err := h.call(&a, what+"/set", args); err != nil {
		return err
	}
	return a.err()
}

// refresh asks what changed, and takes it in.
func (h *jmapHand) refresh() error {
	if h.emails == nil {
		return h.begin()
	}
	if err := h.refreshFolders(); err != nil {
		return err
	}
	for {
		var ch struct {
			NewState                    string
			HasMoreChanges              bool
			Created, Updated, Destroyed []string
		}
		if err := h.call(&ch, "Email/changes", jmapclient.Args{"sinceState": h.state[0], "maxChanges": 7}); err != nil {
			return err
		}
		for _, id := range ch.Destroyed {
			delete(h.emails, id)
		}
		for _, id := range slices.Concat(ch.Created, ch.Updated) {
			delete(h.emails, id) // it may be gone again
		}
		if err := h.read(slices.Concat(ch.Created, ch.Updated)); err != nil {
			return err
		}
		if h.state[0] = ch.NewState; !ch.HasMoreChanges {
			break
		}
	}
	return h.refreshList()
}

func (h *jmapHand) refreshFolders() error {
	var ch struct {
		NewState                    string
		Created, Updated, Destroyed []string
	}
	if err := h.call(&ch, "Mailbox/changes", jmapclient.Args{"sinceState": h.state[1]}); err != nil {
		return err
	}
	for _, id := range slices.Concat(ch.Destroyed, ch.Created, ch.Updated) {
		delete(h.folders, id)
	}
	if err := h.readFolders(slices.Concat(ch.Created, ch.Updated)); err != nil {
		return err
	}
	h.state[1] = ch.NewState
	return nil
}

func (h *jmapHand) query() jmapclient.Args {
	return jmapclient.Args{"filter": jmapclient.Args{"inMailbox": h.folder(inbox)}, "collapseThreads": true,
		"sort": []jmapclient.Args{{"property": "receivedAt", "isAscending": false}}}
}

func (h *jmapHand) refreshList() error {
	var ch struct {
		NewQueryState string
		Removed       []string
		Added         []struct {
			ID    string
			Index int
		}
	}
	args := h.query()
	args["sinceQueryState"] = h.listed
	if err := h.call(&ch, "Email/queryChanges", args); err != nil {
		return err
	}
	h.list = slices.DeleteFunc(h.list, func(id string) bool { return slices.Contains(ch.Removed, id) })
	for _, a := range ch.Added {
		if a.Index > len(h.list) {
			return fmt.Errorf("%s is added at %d of %d", a.ID, a.Index, len(h.list))
		}
		h.list = slices.Insert(h.list, a.Index, a.ID)
	}
	h.listed = ch.NewQueryState
	return nil
}

// begin reads everything.
func (h *jmapHand) begin() error {
	h.emails, h.folders = map[string]*email{}, map[string]*folder{}
	if err := h.readFolders(nil); err != nil {
		return err
	}
	var all struct{ IDs []string }
	if err := h.call(&all, "Email/query", jmapclient.Args{}); err != nil {
		return err
	}
	if err := h.read(all.IDs); err != nil {
		return err
	}
	var list struct {
		IDs        []string
		QueryState string
	}
	if err := h.call(&list, "Email/query", h.query()); err != nil {
		return err
	}
	h.list, h.listed = list.IDs, list.QueryState
	return nil
}

func (h *jmapHand) read(ids []string) error {
	if ids == nil {
		ids = []string{}
	}
	var got struct {
		State string
		List  []*email
	}
	if err := h.call(&got, "Email/get", jmapclient.Args{"ids": ids, "properties": []string{"messageId", "threadId", "mailboxIds", "keywords"}}); err != nil {
		return err
	}
	if h.state[0] == "" {
		h.state[0] = got.State
	}
	for _, e := range got.List {
		h.emails[e.ID] = e
	}
	return nil
}

func (h *jmapHand) readFolders(ids []string) error {
	args := jmapclient.Args{}
	if h.state[1] != "" {
		args["ids"] = append([]string{}, ids...)
	}
	var got struct {
		State string
		List  []*folder
	}
	if err := h.call(&got, "Mailbox/get", args); err != nil {
		return err
	}
	if h.state[1] == "" {
		h.state[1] = got.State
	}
	for _, f := range got.List {
		h.folders[f.ID] = f
	}
	return nil
}

// folder is the id of a folder by its path.
func (h *jmapHand) folder(path string) string {
	for id := range h.folders {
		if h.path(id) == path {
			return id
		}
	}
	return "F-none"
}

func (h *jmapHand) path(id string) string {
	f := h.folders[id]
	switch {
	case f == nil:
		return "unknown " + id
	case f.Role == "inbox":
		return inbox
	case f.ParentID == nil:
		return f.Name
	}
	return h.path(*f.ParentID) + "/" + f.Name
}

// find is a letter's id.
func (h *jmapHand) find(id string) (string, error) {
	for name, e := range h.emails {
		if slices.Contains(e.MessageID, id) {
			return name, nil
		}
	}
	return "", errGone
}

func (h *jmapHand) file(to, _, text string, keywords []string) error {
	up, err := h.c.Upload(h.ctx, h.account, "message/rfc822", strings.NewReader(text))
	if err != nil {
		return err
	}
	words := map[string]bool{}
	for _, k := range keywords {
		words[k] = true
	}
	var a setAnswer
	if err := h.call(&a, "Email/import", jmapclient.Args{"emails": jmapclient.Args{"a": jmapclient.Args{
		"blobId": up.Blob, "mailboxIds": map[string]bool{h.folder(to): true}, "keywords": words}}}); err != nil {
		return err
	}
	return a.err()
}

func (h *jmapHand) update(id string, patch jmapclient.Args) error {
	name, err := h.find(id)
	if err != nil {
		return err
	}
	return h.set("Email", jmapclient.Args{"update": jmapclient.Args{name: patch}})
}

func orNull(on bool) any {
	if on {
		return true
	}
	return nil
}

func (h *jmapHand) keyword(id, _, word string, on bool) error {
	return h.update(id, jmapclient.Args{"keywords/" + word: orNull(on)})
}

func (h *jmapHand) copy(id, _, to string) error {
	return h.update(id, jmapclient.Args{"mailboxIds/" + h.folder(to): true})
}

func (h *jmapHand) move(id, from, to string) error {
	return h.update(id, jmapclient.Args{"mailboxIds/" + h.folder(from): nil, "mailboxIds/" + h.folder(to): true})
}

func (h *jmapHand) remove(id, from string) error {
	return h.update(id, jmapclient.Args{"mailboxIds/" + h.folder(from): nil})
}

func (h *jmapHand) destroy(id string) error {
	name, err := h.find(id)
	if err != nil {
		return err
	}
	return h.set("Email", jmapclient.Args{"destroy": []string{name}})
}

// carry copies a letter to the Inbox of another account.
func (h *jmapHand) carry(id string, to *jmapHand) error {
	name, err := h.find(id)
	if err != nil {
		return err
	}
	var a setAnswer
	if err := to.call(&a, "Email/copy", jmapclient.Args{"fromAccountId": h.account, "create": jmapclient.Args{"c": jmapclient.Args{
		"id": name, "mailboxIds": map[string]bool{to.folder(inbox): true}, "keywords": h.emails[name].Keywords}}}); err != nil {
		return err
	}
	return a.err()
}

func (h *jmapHand) make(name string) error {
	return h.set("Mailbox", jmapclient.Args{"create": jmapclient.Args{"f": jmapclient.Args{"name": name}}})
}

func (h *jmapHand) rename(name, to string) error {
	return h.set("Mailbox", jmapclient.Args{"update": jmapclient.Args{h.folder(name): jmapclient.Args{"name": to}}})
}

func (h *jmapHand) delete(name string) error {
	return h.set("Mailbox", jmapclient.Args{"destroy": []string{h.folder(name)}})
}

// look is what the program knows once it has asked what changed.
func (h *jmapHand) look() (map[string][]string, error) {
	if err := h.refresh(); err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for id := range h.folders {
		out[h.path(id)] = nil
	}
	for _, e := range h.emails {
		for id := range e.MailboxIDs {
			out[h.path(id)] = append(out[h.path(id)], line(strings.Join(e.MessageID, "+"), e.Keywords, false))
		}
	}
	return sorted(out), nil
}

// anew is a program that knows nothing yet.
func (h *jmapHand) anew() *jmapHand { return &jmapHand{ctx: h.ctx, c: h.c, account: h.account} }

// stale says how what a program has followed differs from what one sees that begins now; "" where it does not.
func (h *jmapHand) stale() (string, error) {
	fresh := h.anew()
	if err := fresh.refresh(); err != nil {
		return "", err
	}
	var faults []string
	if !slices.Equal(h.list, fresh.list) {
		faults = append(faults, fmt.Sprintf("the Inbox lists %v, want %v", h.list, fresh.list))
	}
	for _, pair := range [][2]any{{h.emails, fresh.emails}, {h.folders, fresh.folders}} {
		got, err1 := json.Marshal(pair[0])
		want, err2 := json.Marshal(pair[1])
		if err1 != nil || err2 != nil || string(got) != string(want) {
			faults = append(faults, fmt.Sprintf("%s\nwant %s", got, want))
		}
	}
	faults = append(faults, fresh.miscounted()...)
	return strings.Join(faults, "\n"), nil
}

// miscounted are the folders whose counts are not what is in them.
func (h *jmapHand) miscounted() (faults []string) {
	for id, f := range h.folders {
		var total, unread int
		threads := map[string]bool{}
		for _, e := range h.emails {
			if !e.MailboxIDs[id] {
				continue
			}
			total++
			if !e.Keywords["$seen"] && !e.Keywords["$draft"] {
				unread++
			}
			threads[e.ThreadID] = true
		}
		if f.TotalEmails != total || f.UnreadEmails != unread || f.TotalThreads != len(threads) {
			faults = append(faults, fmt.Sprintf("%s counts %+v, want %d, %d unread, %d threads", h.path(id), *f, total, unread, len(threads)))
		}
	}
	return faults
}
