package agree_test

import (
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"haven/e2e/stage"
)

// hand is what somebody does in a mailbox with a program of one protocol.
type hand interface {
	file(folder, id, text string, keywords []string) error
	keyword(l string, folder string, word string, on bool) error
	copy(l string, from, to string) error
	move(l string, from, to string) error
	remove(l string, from string) error
	make(folder string) error
	rename(folder, to string) error
	delete(folder string) error
	look() (map[string][]string, error)
}

// errGone: the letter is not there any more, since somebody else was quicker.
var errGone = errors.New("the letter is gone")

// imapHand is a session in one mailbox; shared is the address of one that is not the person's own.
type imapHand struct {
	c      *imapclient.Client
	shared string
}

func (h *imapHand) path(folder string) string {
	switch {
	case h.shared == "":
		return folder
	case folder == inbox:
		return stage.Shared(h.shared, "")
	}
	return stage.Shared(h.shared, folder)
}

var flagOf = map[string]imap.Flag{"$seen": imap.FlagSeen, "$flagged": imap.FlagFlagged, "$answered": imap.FlagAnswered}

func flags(keywords []string) (all []imap.Flag) {
	for _, k := range keywords {
		f, ok := flagOf[k]
		if !ok {
			f = imap.Flag(k)
		}
		all = append(all, f)
	}
	return all
}

// find opens a folder and finds the places of a letter.
func (h *imapHand) find(id, folder string) (imap.UIDSet, error) {
	if _, err := h.c.Select(h.path(folder), nil).Wait(); err != nil {
		return nil, err
	}
	found, err := h.c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<" + id + ">"}}}, nil).Wait()
	if err != nil {
		return nil, err
	}
	if len(found.AllUIDs()) == 0 {
		return nil, errGone
	}
	return imap.UIDSetNum(found.AllUIDs()...), nil
}

func (h *imapHand) file(folder, id, text string, keywords []string) error {
	cmd := h.c.Append(h.path(folder), int64(len(text)), &imap.AppendOptions{Flags: flags(keywords)})
	_, err := cmd.Write([]byte(text))
	err = errors.Join(err, cmd.Close())
	_, failed := cmd.Wait()
	return errors.Join(err, failed)
}

func (h *imapHand) keyword(id, folder, word string, on bool) error {
	set, err := h.find(id, folder)
	if err != nil {
		return err
	}
	op := imap.StoreFlagsDel
	if on {
		op = imap.StoreFlagsAdd
	}
	return h.c.Store(set, &imap.StoreFlags{Op: op, Silent: true, Flags: flags([]string{word})}, nil).Close()
}

func (h *imapHand) copy(id, from, to string) error {
	return h.copyTo(id, from, h.path(to))
}

// copyTo copies to a folder of any mailbox.
func (h *imapHand) copyTo(id, from, path string) error {
	set, err := h.find(id, from)
	if err == nil {
		_, err = h.c.Copy(set, path).Wait()
	}
	return err
}

func (h *imapHand) move(id, from, to string) error {
	set, err := h.find(id, from)
	if err == nil {
		_, err = h.c.Move(set, h.path(to)).Wait()
	}
	return err
}

// mark sets or takes away \Deleted, and does no more.
func (h *imapHand) mark(id, folder string, deleted bool) error {
	return h.keyword(id, folder, string(imap.FlagDeleted), deleted)
}

func (h *imapHand) remove(id, from string) error {
	set, err := h.find(id, from)
	if err != nil {
		return err
	}
	if err := h.c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		return err
	}
	return h.c.UIDExpunge(set).Close()
}

func (h *imapHand) make(folder string) error { return h.c.Create(h.path(folder), nil).Wait() }
func (h *imapHand) rename(folder, to string) error {
	return h.c.Rename(h.path(folder), h.path(to), nil).Wait()
}

func (h *imapHand) delete(folder string) error {
	if _, err := h.c.Select(inbox, nil).Wait(); err != nil { // one's own, so that the folder is not open
		return err
	}
	return h.c.Delete(h.path(folder)).Wait()
}

func (h *imapHand) look() (map[string][]string, error) {
	pattern := "*"
	if h.shared != "" {
		pattern = stage.Shared(h.shared, "") + "*"
	}
	list, err := h.c.List("", pattern, nil).Collect()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, f := range list {
		name := f.Mailbox
		if h.shared == "" && strings.HasPrefix(name, "Shared") || slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) {
			continue
		}
		if h.shared != "" {
			name = strings.TrimPrefix(strings.TrimPrefix(name, stage.Shared(h.shared, "")), "/")
			if name == "" {
				name = inbox
			}
		}
		if out[name], err = h.lines(f.Mailbox); err != nil {
			return nil, err
		}
	}
	return sorted(out), nil
}

func (h *imapHand) lines(path string) (lines []string, err error) {
	sel, err := h.c.Select(path, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || sel.NumMessages == 0 {
		return nil, err
	}
	msgs, err := h.c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, Envelope: true}).Collect()
	for _, m := range msgs {
		words, deleted := map[string]bool{}, false
		for _, f := range m.Flags {
			switch {
			case f == imap.FlagDeleted:
				deleted = true
			case f != `\Recent`:
				words[strings.ToLower(strings.Replace(string(f), `\`, "$", 1))] = true
			}
		}
		lines = append(lines, line(m.Envelope.MessageID, words, deleted))
	}
	return lines, err
}
