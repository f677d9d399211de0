package jmap

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 9404 §3.1 has the client ask for it, to compare with what it has
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"io"
	"unicode/utf8"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// Digests of Blob/get, the better one first (RFC 9404 §3.1: clients prefer it).
var (
	digestNames = []string{"sha-256", "sha"}
	digests     = map[string]func() hash.Hash{"sha": sha1.New, "sha-256": sha256.New}
)

// blobGet is Blob/get (RFC 9404 §4.2). Blobs have no state, and nobody lists them.
func blobGet(c *call) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	c.args.Require("ids")
	ids, t := c.args.IDs("ids"), &blobReader{left: c.srv.o.Policy.RequestOctets}
	t.offset, t.length = blobRange(c.args)
	want := c.wanted("properties", t)
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	out, err := c.read(ids, want, func(ids []string, add func(string, any)) error { return t.Read(c, v, ids, want, add) })
	if err != nil {
		return nil, err
	}
	out["accountId"] = c.args.String("accountId")
	return out, nil
}

// blobReader reads a range of each blob. All data of one answer together is as long as a request may be: whoever wants more downloads it.
type blobReader struct {
	offset, length int64 // length is toEnd for the rest of the blob
	left           int64 // octets of data that the answer may still hold
}

func (*blobReader) Properties() (all, usual []string) {
	all = []string{"id", "data:asText", "data:asBase64", "data", "size"}
	for _, name := range digestNames {
		all = append(all, "digest:"+name)
	}
	return all, []string{"data", "size"}
}

func (t *blobReader) Read(c *call, v mailbox.Viewer, ids []string, want properties, add func(string, any)) error {
	for _, id := range ids {
		o, err := t.one(c, v, id, want)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		add(id, o)
	}
	return nil
}

// blobObject is a blob as it is given out: which members it has depends on what is in it.
type blobObject map[string]any

func (t *blobReader) one(c *call, v mailbox.Viewer, id string, want properties) (blobObject, error) {
	b, err := c.openBlob(v, id)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	o := blobObject{"id": id}
	if want.Has("size") {
		o["size"] = b.Size()
	}
	at, n, whole := t.within(b.Size())
	if !whole {
		o["isTruncated"] = true
	}
	sums, data := digestsOf(want), want.Has("data") || want.Has("data:asText") || want.Has("data:asBase64")
	if err := t.afford(c, b, n, data, len(sums) > 0); err != nil || !data && len(sums) == 0 {
		return o, err
	}
	return o, o.fill(contextReader{c.ctx, io.NewSectionReader(b, at, n)}, want, data, sums)
}

// afford counts what a blob costs: n octets that are given out, or read for digests, and what was read to open it.
func (t *blobReader) afford(c *call, b Blob, n int64, data, digested bool) error {
	cost := decoded(b)
	if digested {
		cost += n
	}
	if !c.spend(cost) {
		return fail("requestTooLarge", "So much is not read for one request. Go on with another one.")
	}
	if data {
		t.left -= n
	}
	if t.left < 0 {
		return fail("requestTooLarge", "At most %d octets of data are given with one call. Ask for a part with offset and length, or download it.", c.srv.o.Policy.RequestOctets)
	}
	return nil
}

// within is which octets of a blob of that size are asked for, and whether that is all that was (RFC 9404 §4.2 isTruncated).
func (t *blobReader) within(size int64) (at, n int64, whole bool) {
	at = min(t.offset, size)
	n = size - at
	if t.length != toEnd {
		n = min(n, t.length)
	}
	return at, n, t.offset <= size && (t.length == toEnd || n == t.length)
}

// digestsOf are the digests that are wanted, by property.
func digestsOf(want properties) map[string]hash.Hash {
	sums := map[string]hash.Hash{}
	for _, name := range digestNames {
		if want.Has("digest:" + name) {
			sums["digest:"+name] = digests[name]()
		}
	}
	return sums
}

// fill reads the range once, and writes what is wanted of it.
func (o blobObject) fill(r io.Reader, want properties, data bool, sums map[string]hash.Hash) error {
	var octets bytes.Buffer
	var to []io.Writer
	if data {
		to = append(to, &octets)
	}
	for _, h := range sums {
		to = append(to, h)
	}
	if _, err := io.Copy(io.MultiWriter(to...), r); err != nil {
		return err
	}
	for name, h := range sums {
		o[name] = base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	if data {
		o.data(octets.Bytes(), want)
	}
	return nil
}

// data writes the octets: as text where they are UTF-8, and where data was asked for and they are not, in base64.
func (o blobObject) data(octets []byte, want properties) {
	text := want.Has("data") || want.Has("data:asText")
	sound := text && utf8.Valid(octets)
	switch {
	case sound:
		o["data:asText"] = string(octets)
	case text:
		o["data:asText"], o["isEncodingProblem"] = nil, true
	}
	if want.Has("data:asBase64") || want.Has("data") && !sound {
		o["data:asBase64"] = base64.StdEncoding.EncodeToString(octets)
	}
}
