package search

import (
	"io"
	"unsafe"

	"haven/mail/mailbox"
	"haven/mail/mime"
)

// The bounds of what is searched of one message.
const (
	maxText         = 1 << 20 // octets of text
	maxMessageWords = 20_000  // different words
)

// content is the words of a message: what index, scan and oracle agree on.
type content struct {
	head wordSet // subject, people, Message-ID; also of messages within the message
	body wordSet // text parts and names of attachments
}

type wordSet map[string]struct{}

func (s wordSet) add(word []byte) {
	if _, ok := s[string(word)]; !ok {
		s[string(word)] = struct{}{}
	}
}

// readContent reads a message's words. What exceeds the bounds is left out; the error is body's.
func readContent(info *mailbox.Info, body io.ReaderAt) (*content, error) {
	c := &content{head: wordSet{}, body: wordSet{}}
	cutters := [2]cutter{}
	for i, set := range []wordSet{c.head, c.body} {
		cutters[i].emit = func(w []byte, _ bool) {
			if len(c.head)+len(c.body) < maxMessageWords {
				set.add(w)
			}
		}
	}
	take := func(from mime.Source, text string) bool {
		cut := &cutters[1]
		if from == mime.FromHeader {
			cut = &cutters[0]
		}
		cut.add(text)
		cut.end()
		return len(c.head)+len(c.body) < maxMessageWords
	}
	take(mime.FromHeader, info.Meta.Envelope.MessageID)
	if info.Meta.Root == nil {
		return c, nil
	}
	m := mime.Message{Envelope: info.Meta.Envelope, Root: info.Meta.Root, Size: info.Meta.Size}
	return c, m.SearchText(body, maxText, take)
}

// has reports whether every word occurs, at the beginning of a word.
func (c *content) has(in Place, words []string) bool {
	for _, w := range words {
		if !c.body.begins(w) && (in == Body || !c.head.begins(w)) {
			return false
		}
	}
	return true
}

func (s wordSet) begins(want string) bool {
	if _, ok := s[want]; ok {
		return true
	}
	for w := range s {
		if begins(w, want) {
			return true
		}
	}
	return false
}

// readHeader reads the letter's header.
func readHeader(info *mailbox.Info, body io.ReaderAt) (mime.Header, error) {
	if info.Meta.Root == nil {
		return "", nil
	}
	return info.Meta.Root.ReadHeader(body, mime.MaxHeader)
}

// weight is about how much memory what is sealed of a message takes, opened.
func weight(m *mime.Meta) int {
	n := envelopeWeight(&m.Envelope) + len(m.Preview) + textsWeight(m.References) + textsWeight(m.Attachments)
	if m.Root == nil {
		return n
	}
	m.Root.Walk(func(p *mime.Part) bool {
		n += int(unsafe.Sizeof(*p)) + int(unsafe.Sizeof(p)) + paramsWeight(p.Params) + paramsWeight(p.DispositionParams)
		n += len(p.Type) + len(p.Subtype) + len(p.Encoding) + len(p.Disposition) + len(p.ID) + len(p.Description) + len(p.MD5) + len(p.Location)
		n += textsWeight(p.Language)
		if p.Envelope != nil {
			n += envelopeWeight(p.Envelope)
		}
		return true
	})
	return n
}

func envelopeWeight(e *mime.Envelope) int {
	n := int(unsafe.Sizeof(*e)) + len(e.Date) + len(e.Subject) + len(e.InReplyTo) + len(e.MessageID)
	for _, list := range [][]mime.Address{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
		for _, a := range list {
			n += int(unsafe.Sizeof(a)) + len(a.Name) + len(a.Mailbox) + len(a.Host)
		}
	}
	return n
}

func paramsWeight(list []mime.Param) (n int) {
	for _, p := range list {
		n += int(unsafe.Sizeof(p)) + len(p.Name) + len(p.Value) + len(p.Raw)
	}
	return n
}

func textsWeight(list []string) (n int) {
	for _, s := range list {
		n += int(unsafe.Sizeof(s)) + len(s)
	}
	return n
}
