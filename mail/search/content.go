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

// content is the words of a message: what index, scan and oracle agree on. The scan knows of the letter itself alone, the index of its documents
// besides (decisions/023).
type content struct {
	head wordSet // subject, people, Message-ID; also of messages within the message
	body wordSet // text parts, names of attachments, and text inside documents

	longest int // beginnings that the index keeps of a word
	tokens  int // that the index keeps of all
	cut     cutter
}

type wordSet map[string]struct{}

// maxTokens is what the words of a message may come to in the index.
const maxTokens = (maxPrefix - minPrefix + 2) * maxMessageWords

// newContent begins the content of a message.
func newContent(info *mailbox.Info) *content {
	c := &content{head: wordSet{}, body: wordSet{}, longest: maxPrefix}
	if hasDocuments(info) {
		c.longest = maxWord
	}
	return c
}

// documents reports whether the message has documents, whether they were read or not.
func (c *content) documents() bool { return c.longest == maxWord }

// full reports whether no further word is taken in.
func (c *content) full() bool {
	return len(c.head)+len(c.body) >= maxMessageWords || c.tokens >= maxTokens
}

// take takes text in, and reports whether there is room for more.
func (c *content) take(set wordSet, text string) bool {
	c.cut.emit = func(w []byte, _ bool) {
		if c.full() {
			return
		}
		if _, known := set[string(w)]; !known {
			set[string(w)] = struct{}{}
			c.tokens += tokensOfWord(w, c.longest)
		}
	}
	c.cut.add(text)
	c.cut.end()
	return !c.full()
}

// readContent reads the words of a message itself. What exceeds the bounds is left out; the error is body's.
func readContent(info *mailbox.Info, body io.ReaderAt) (*content, error) {
	c := newContent(info)
	c.take(c.head, info.Meta.Envelope.MessageID)
	return c, eachText(info, body, func(from mime.Source, text string) bool {
		if from == mime.FromHeader {
			return c.take(c.head, text)
		}
		return c.take(c.body, text)
	})
}

// eachText yields the text of a message itself, as far as it is searched, until yield returns false. The error is body's.
func eachText(info *mailbox.Info, body io.ReaderAt, yield func(from mime.Source, text string) bool) error {
	if info.Meta.Root == nil {
		return nil
	}
	m := mime.Message{Envelope: info.Meta.Envelope, Root: info.Meta.Root, Size: info.Meta.Size}
	return m.SearchText(body, maxText, yield)
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
