package jmap

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/upload"
	"haven/platform/errs"
)

const blobURN = "urn:ietf:params:jmap:blob"

// blobManagementMethods are those of RFC 9404. Whatever has a blob id is read: an upload, a message, a part of either.
var blobManagementMethods = map[string]method{
	"Blob/upload": {blobURN, blobUpload},
	"Blob/get":    {blobURN, blobGet},
	"Blob/lookup": {blobURN, blobLookup},
}

// blobCapability is what RFC 9404 §3.1 says of an account.
func (s *Server) blobCapability(a Account) any {
	if !a.Rights.Has(haven.Read) {
		return nil
	}
	return record{"maxSizeBlobSet": s.o.Policy.UploadOctets, "maxDataSources": s.o.Policy.Sources, "supportedTypeNames": lookupTypes,
		"supportedDigestAlgorithms": digestNames}
}

// blobUpload is Blob/upload (RFC 9404 §4.1). Blobs are made in the client's order, so that one may be made of those before it.
func blobUpload(c *call) (any, error) {
	v, err := c.account(haven.Read | haven.Write)
	if err != nil {
		return nil, err
	}
	c.args.Require("create")
	s := newSetting(c)
	s.decodeCreate("create")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if err := atMost(len(s.Create), c.srv.o.Policy.Set, "blobs can be made"); err != nil {
		return nil, err
	}
	for _, x := range s.Create {
		made, err := c.makeBlob(v, x.Object)
		if err != nil {
			s.NotCreated(x.CID, err)
			continue
		}
		s.Created(x.CID, made["blobId"].(string), made)
	}
	return record{"accountId": c.args.String("accountId"), "created": orNull(s.created), "notCreated": orNull(s.notCreated)}, nil
}

// makeBlob makes one blob of an UploadObject, and gives what the upload URL would say of it. What can't be made whole leaves nothing.
func (c *call) makeBlob(v mailbox.Viewer, o *object) (record, error) {
	typ, err := contentType(o.String("type"))
	if err != nil {
		o.Bad("type", "is no media type")
	}
	from := c.dataSources(o)
	if err := o.Done(); err != nil {
		return nil, err
	}
	r := &sources{c: c, v: v, left: from}
	defer r.Close()
	id, size, err := c.srv.o.Blobs.Put(c.ctx, v, typ, r)
	if hasRule(err, upload.RuleSize) {
		return nil, refuse("tooLarge", fmt.Sprintf("A blob has at most %d octets.", c.srv.o.Policy.UploadOctets))
	}
	if err != nil {
		return nil, err
	}
	return record{"accountId": c.args.String("accountId"), "blobId": id, "type": typ, "size": size}, nil
}

// source is one DataSourceObject: octets that the client gave, or a range of a blob.
type source struct {
	given          []byte
	blob           string // "": given
	offset, length int64  // length is toEnd for the rest of the blob
}

// toEnd is a length that goes as far as there is something.
const toEnd = -1

// dataSources reads the member data; what can't be meant is noted in o.
func (c *call) dataSources(o *object) (all []source) {
	o.Require("data")
	list := o.Objects("data")
	if most := c.srv.o.Policy.Sources; len(list) > most {
		o.Bad("data", "has more than %d sources", most)
		return nil
	}
	for _, x := range list {
		all = append(all, dataSource(x))
		o.Take("data", x)
	}
	return all
}

func dataSource(o *object) (s source) {
	text, isText := o.OptString("data:asText")
	coded, isCoded := o.OptString("data:asBase64")
	s.blob = o.ID("blobId")
	if n := len(given(o, "data:asText", "data:asBase64", "blobId")); n != 1 {
		o.Bad("data", "has exactly one of data:asText, data:asBase64 and blobId")
	}
	switch {
	case isText:
		s.given = []byte(text)
	case isCoded:
		var err error
		if s.given, err = base64.StdEncoding.Strict().DecodeString(coded); err != nil || strings.ContainsAny(coded, "\r\n") {
			o.Bad("data:asBase64", "is no base64 (RFC 4648 §4)")
		}
	default:
		s.offset, s.length = blobRange(o)
	}
	return s
}

// given are those of some members that are there and not null.
func given(o *object, names ...string) (there []string) {
	for _, name := range names {
		if o.Has(name) {
			there = append(there, name)
		}
	}
	return there
}

// blobRange reads offset and length.
func blobRange(o *object) (offset, length int64) {
	offset, _ = o.OptUnsigned("offset")
	length, ok := o.OptUnsigned("length")
	if !ok {
		length = toEnd
	}
	return offset, length
}

// sources reads data sources one after the other. A blob is opened when it is its turn, and closed behind it.
type sources struct {
	c    *call
	v    mailbox.Viewer
	left []source
	now  io.Reader
	open Blob
}

func (s *sources) Read(p []byte) (int, error) {
	for {
		if s.now == nil {
			if len(s.left) == 0 {
				return 0, io.EOF
			}
			if err := s.next(); err != nil {
				return 0, err
			}
		}
		n, err := s.now.Read(p)
		if errors.Is(err, io.EOF) {
			s.Close()
			err = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Close lets go of the blob that is read.
func (s *sources) Close() {
	if s.open != nil {
		s.open.Close()
	}
	s.now, s.open = nil, nil
}

// next opens the next source. It is blobNotFound for what the viewer can't read, whatever the reason, and invalidProperties where the
// range is not all in the blob.
func (s *sources) next() (err error) {
	x := s.left[0]
	s.left = s.left[1:]
	if x.blob == "" {
		s.now = bytes.NewReader(x.given)
		return nil
	}
	if s.open, err = s.c.openBlob(s.v, x.blob); err != nil {
		s.open = nil
		return noSource(err, x.blob)
	}
	if !s.c.spend(decoded(s.open)) {
		return errSpent
	}
	size := s.open.Size()
	if x.length == toEnd {
		x.length = size - x.offset
	}
	if x.offset > size || x.length > size-x.offset {
		return refuse("invalidProperties", fmt.Sprintf("The blob %s has %d octets, and the range goes beyond.", x.blob, size), "data")
	}
	s.now = contextReader{s.c.ctx, io.NewSectionReader(s.open, x.offset, x.length)}
	return nil
}

func noSource(err error, id string) error {
	if !errs.Is(err, errs.NotFound) {
		return err
	}
	e := refuse("blobNotFound", "There is no such file any more. Upload it again.", "data")
	e.extra = record{"notFound": []string{id}}
	return e
}

// errSpent is the answer to what spend does not grant.
var errSpent = errs.E(errs.TooMany, "So many parts of messages are not read for one request. Go on with another one.")

// spend counts octets that are read for blobs without being sent, of one request: as much as one person's uploads may hold together. It is
// false for what goes beyond.
func (c *call) spend(octets int64) bool {
	c.run.spent += octets
	return c.run.spent <= c.srv.o.Policy.UploadsOctets
}

// decoded is how many octets are read at most to come to what is wanted of a blob: a part is decoded from its beginning on.
func decoded(b Blob) int64 {
	if p, ok := b.(*decodedPart); ok {
		return p.whole.Size()
	}
	return 0
}
