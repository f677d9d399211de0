package jmap

import (
	"context"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

var errNoBlob = errs.E(errs.NotFound, "There is no such file.")

// openBlob opens whatever has a blob id: an upload, a message (its id), a part of either (its id, and the part's number), or what a filter
// says. What was made in this request goes by its creation id too (RFC 9404 §4.1).
func (c *call) openBlob(v mailbox.Viewer, name string) (Blob, error) {
	id, ok := c.resolve(name)
	if !ok {
		return nil, errNoBlob
	}
	b, err := c.srv.openBlob(c.ctx, v, id)
	if p, is := b.(*decodedPart); is && !c.spend(p.found) {
		b.Close()
		return nil, errSpent
	}
	return b, err
}

func (s *Server) openBlob(ctx context.Context, v mailbox.Viewer, id string) (Blob, error) {
	of, path, isPart := strings.Cut(id, "_")
	b, err := s.openWhole(ctx, v, of)
	if err != nil || !isPart {
		return b, err
	}
	p, err := s.openPart(ctx, v, of, b, path)
	if err != nil {
		b.Close()
		return nil, err
	}
	return p, nil
}

func (s *Server) openWhole(ctx context.Context, v mailbox.Viewer, id string) (Blob, error) {
	m := messageOf(id, "M")
	switch {
	case m != 0:
	case s.o.Filters != nil && isScriptBlob(id):
		return s.openScript(ctx, v, id)
	case s.o.Blobs == nil:
		return nil, errNoBlob
	default:
		return s.o.Blobs.Open(ctx, v, id)
	}
	if err := s.visible(ctx, v, m); err != nil {
		return nil, err
	}
	body, err := s.o.Mail.Body(ctx, v, m)
	if err != nil {
		return nil, err
	}
	return messageBlob{body}, nil
}

// visible is NotFound for a message that the account does not show.
func (s *Server) visible(ctx context.Context, v mailbox.Viewer, m haven.MessageID) error {
	there := false
	err := s.o.Mail.Overview(ctx, v, func(o *mailbox.Overview) error {
		_, there = o.Find(m)
		return nil
	})
	if err == nil && !there {
		err = errNoBlob
	}
	return err
}

// messageBlob is a message as a blob.
type messageBlob struct{ *mailbox.Body }

func (messageBlob) Type() string { return "message/rfc822" }

func (b messageBlob) Close() { b.Body.Close() }

// openPart opens what is in a part; b belongs to it then.
func (s *Server) openPart(ctx context.Context, v mailbox.Viewer, of string, b Blob, path string) (Blob, error) {
	root, err := s.structure(ctx, v, of, b)
	if err != nil {
		return nil, err
	}
	for p, number := range pathsOf(root) {
		if strings.ReplaceAll(number, ".", "_") != path {
			continue
		}
		d, err := openDecoded(b, p)
		if err != nil {
			return nil, err
		}
		if messageOf(of, "M") == 0 { // nobody has kept what its parts are
			d.found = b.Size()
		}
		return d, nil
	}
	return nil, errNoBlob
}

// structure is the parts of a letter: as the store has them, or read now.
func (s *Server) structure(ctx context.Context, v mailbox.Viewer, of string, b Blob) (root *mime.Part, err error) {
	if m := messageOf(of, "M"); m != 0 {
		err = s.o.Mail.Infos(ctx, v, []haven.MessageID{m}, func(_ int, info *mailbox.Info) error {
			root = info.Meta.Root
			return nil
		})
	} else {
		var m *mime.Message
		if m, err = mime.Parse(newSection(ctx, b), mime.Limits{}); err == nil {
			root = m.Root
		}
	}
	if err == nil && root == nil {
		err = errNoBlob
	}
	return root, err
}
