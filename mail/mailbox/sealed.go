package mailbox

import (
	"encoding/binary"
	"errors"

	"haven"
	"haven/mail/mime"
	"haven/platform/blob"
	"haven/platform/errs"
	"haven/platform/secret"
)

// A message row's sealed column is: the length of the trace lines (uvarint), the trace lines, then mime.Meta. It is bound to
// account and message, so that a row moved elsewhere doesn't open.

// sealMessage is what the row of a message holds sealed: its key to the body, and its sealed column.
func sealMessage(k *secret.AccountKeys, id haven.MessageID, body blob.ID, key blob.Key, trace, meta []byte) (wrapped, sealed []byte, err error) {
	plain := binary.AppendUvarint(make([]byte, 0, len(trace)+len(meta)+3), uint64(len(trace)))
	plain = append(append(plain, trace...), meta...)
	if wrapped, err = k.WrapBody(nil, (*[32]byte)(&key), int64(body)); err != nil {
		return nil, nil, err
	}
	sealed, err = k.Seal(nil, plain, rowName(id))
	return wrapped, sealed, err
}

// rowName is what a message's sealed column is bound to, beside its account.
func rowName(id haven.MessageID) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 15), "message"...), uint64(id))
}

var errSealed = errs.Wrap(errs.Internal, errors.New("mailbox: a message's sealed column is not what was written"), "")

// opened is a message row's sealed column, opened.
type opened struct {
	trace, meta []byte
}

// open opens a sealed column into buf, which the result points into.
func open(k *secret.AccountKeys, id haven.MessageID, sealed, buf []byte) (opened, []byte, error) {
	plain, err := k.Open(buf[:0], sealed, rowName(id))
	if err != nil {
		return opened{}, buf, err
	}
	n, used := binary.Uvarint(plain)
	if used <= 0 || n > uint64(len(plain)-used) {
		return opened{}, plain, errSealed
	}
	rest := plain[used:]
	return opened{trace: rest[:n], meta: rest[n:]}, plain, nil
}

// info decodes the sealed column; offsets are those of the whole message as Body reads it, trace lines first.
func (o opened) info(id, thread haven.MessageID, into *Info) error {
	into.Msg, into.Thread = id, thread
	if err := into.Meta.UnmarshalBinary(o.meta); err != nil {
		return err
	}
	shift(into.Meta.Root, int64(len(o.trace)))
	return nil
}

// shift moves the offsets of a letter's structure behind trace lines of n octets, which become the beginning of the header.
func shift(root *mime.Part, n int64) {
	if root == nil || n == 0 {
		return
	}
	root.Walk(func(p *mime.Part) bool {
		p.Header, p.Body, p.End = p.Header+n, p.Body+n, p.End+n
		return true
	})
	root.Header = 0
}

// mostRefs is how many Message-IDs of those that a letter refers to are looked at: the last.
const mostRefs = 30

// references are the message ids that tie a letter to its thread: its own, and up to 30 that it names.
func references(m *mime.Message) []string { return threadIDs(&m.Envelope, m.References) }

func metaReferences(m *mime.Meta) []string { return threadIDs(&m.Envelope, m.References) }

func threadIDs(e *mime.Envelope, refs []string) []string {
	ids := make([]string, 0, 4)
	ids = append(ids, mime.MessageIDs(e.MessageID)...)
	refs = refs[max(0, len(refs)-mostRefs):]
	ids = append(ids, refs...)
	return append(ids, mime.MessageIDs(e.InReplyTo)...)
}

// reseal makes what a message's row holds sealed anew for another account; its references are hashed under that account's key.
func (x *crossing) reseal(from, to *secret.AccountKeys, wrapped, sealed []byte) error {
	key, err := from.UnwrapBody(wrapped, x.body)
	if err != nil {
		return err
	}
	o, _, err := open(from, x.row.Msg, sealed, nil)
	if err != nil {
		return err
	}
	var meta mime.Meta
	if err := meta.UnmarshalBinary(o.meta); err != nil {
		return err
	}
	if x.refs, err = refHashes(to, metaReferences(&meta)); err != nil {
		return err
	}
	x.wrapped, x.sealed, err = sealMessage(to, x.msg, blob.ID(x.body), blob.Key(key), o.trace, o.meta)
	return err
}
