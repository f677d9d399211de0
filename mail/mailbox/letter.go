package mailbox

import (
	"context"

	"haven/mail/mime"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// Letter is a message whose body is durable and belongs to nobody yet. Filing it within a day gives it owners; else
// its body is swept.
type Letter struct {
	stored  blob.Stored
	message *mime.Message
	meta    []byte // mime.Meta as it is sealed

	attachment Flags // whether it has one, as the flags column says it
}

// Size is the octets of the body, without the trace lines that a filing adds.
func (l *Letter) Size() int64 { return l.stored.Size }

// Message is the letter's structure and header.
func (l *Letter) Message() *mime.Message { return l.message }

// Settle lets go of the letter's structure once nobody looks at it any more, for whoever keeps many letters before they
// are filed, and returns how many octets are kept of it.
func (l *Letter) Settle() int {
	l.message = &mime.Message{Header: "", Envelope: l.message.Envelope, References: l.message.References, Size: l.message.Size}
	return len(l.meta)
}

// Stored is where the body lies and what opens it, for a queue that sends it on.
func (l *Letter) Stored() blob.Stored { return l.stored }

// RuleSize is the rule of a letter that is larger than any may be.
const RuleSize = "message.size"

// LetterWriter takes a letter as a stream: parsed and sealed as it comes, so that none is whole in memory.
type LetterWriter struct {
	body   *blob.Writer
	parser *mime.Parser
	limit  int64
	size   int64
	err    error
}

// NewLetter begins a letter. It ends with Finish or Abort.
func (s *Service) NewLetter(ctx context.Context) (*LetterWriter, error) {
	w, err := s.bodies.NewWriter(ctx)
	if err != nil {
		return nil, err
	}
	return &LetterWriter{body: w, parser: mime.NewParser(mime.Limits{}), limit: s.most}, nil
}

// Write takes more of the letter. A letter over the limit is Invalid; what was written stays so until Abort.
func (w *LetterWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	w.size += int64(len(p))
	if w.limit > 0 && w.size > w.limit {
		w.err = &errs.Error{Kind: errs.Invalid, Rule: RuleSize, Say: "The message is larger than this service takes."}
		return 0, w.err
	}
	if _, err := w.parser.Write(p); err != nil {
		w.err = err
		return 0, err
	}
	n, err := w.body.Write(p)
	w.err = err
	return n, err
}

// Size is how many octets were written so far.
func (w *LetterWriter) Size() int64 { return w.size }

// Parsed ends the reading of the letter and gives what it says, before it is durable, so that a decision may still abort it.
func (w *LetterWriter) Parsed() *mime.Message { return w.parser.Close() }

// Abort gives the letter up.
func (w *LetterWriter) Abort() { w.body.Abort() }

// Finish makes the body durable. After an error the letter is given up already.
func (w *LetterWriter) Finish(ctx context.Context) (*Letter, error) {
	if w.err != nil {
		w.body.Abort()
		return nil, w.err
	}
	message := w.parser.Close()
	meta, err := message.Meta().AppendBinary(nil)
	if err != nil {
		w.body.Abort()
		return nil, err
	}
	stored, err := w.body.Commit(ctx)
	if err != nil {
		return nil, err
	}
	return &Letter{stored: stored, message: message, meta: meta, attachment: attachmentOf(message.Root)}, nil
}

// insertBody writes the body's row, once per transaction however many filings share it.
func (l *Letter) insertBody(tx *db.Tx) { blob.Insert(tx, l.stored) }
