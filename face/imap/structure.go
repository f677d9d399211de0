package imap

import (
	"haven/face/imap/wire"
	"haven/mail/mime"
)

// writeEnvelope writes an ENVELOPE (RFC 9051 §7.5.2).
func writeEnvelope(e *wire.Encoder, v *mime.Envelope) {
	e.Byte('(').NString(v.Date).SP().NString(v.Subject)
	for _, list := range [...][]mime.Address{v.From, v.SenderOrFrom(), v.ReplyToOrFrom(), v.To, v.Cc, v.Bcc} {
		e.SP()
		writeAddresses(e, list)
	}
	e.SP().NString(v.InReplyTo).SP().NString(v.MessageID).Byte(')')
}

func writeAddresses(e *wire.Encoder, list []mime.Address) {
	if len(list) == 0 {
		e.NIL()
		return
	}
	e.Byte('(')
	for i := range list {
		switch a := &list[i]; a.Kind {
		case mime.GroupStart:
			e.Raw("(NIL NIL ").String(a.Mailbox).Raw(" NIL)")
		case mime.GroupEnd:
			e.Raw("(NIL NIL NIL NIL)")
		default:
			e.Byte('(').NString(a.Name).Raw(" NIL ").String(a.Mailbox).SP().String(a.Host).Byte(')')
		}
	}
	e.Byte(')')
}

// plainText stands for a message whose structure is not known.
var plainText = mime.Part{Type: "text", Subtype: "plain", Encoding: "7bit"}

// writeStructure writes a BODYSTRUCTURE, or without extension data a BODY (RFC 9051 §7.5.2). The depth is bounded by
// the parser.
func writeStructure(e *wire.Encoder, p *mime.Part, extended bool) {
	if p == nil {
		p = &plainText
	}
	e.Byte('(')
	if p.IsMultipart() {
		for _, c := range p.Children {
			writeStructure(e, c, extended)
		}
		e.SP().String(p.Subtype)
		if extended {
			e.SP()
			writeParams(e, p.Params)
			writeDisposition(e, p)
		}
		e.Byte(')')
		return
	}
	e.String(p.Type).SP().String(p.Subtype).SP()
	writeParams(e, p.Params)
	e.SP().NString(p.ID).SP().NString(p.Description).SP().String(p.Encoding).SP().Num(uint64(p.Octets()))
	if p.Envelope != nil && len(p.Children) == 1 {
		e.SP()
		writeEnvelope(e, p.Envelope)
		e.SP()
		writeStructure(e, p.Children[0], extended)
		e.SP().Num(uint64(p.Lines))
	} else if p.Type == "text" {
		e.SP().Num(uint64(p.Lines))
	}
	if extended {
		e.SP().NString(p.MD5)
		writeDisposition(e, p)
	}
	e.Byte(')')
}

// writeDisposition writes disposition, languages and location, which end both kinds of structure.
func writeDisposition(e *wire.Encoder, p *mime.Part) {
	e.SP()
	if p.Disposition == "" {
		e.NIL()
	} else {
		e.Byte('(').String(p.Disposition).SP()
		writeParams(e, p.DispositionParams)
		e.Byte(')')
	}
	e.SP()
	switch len(p.Language) {
	case 0:
		e.NIL()
	default:
		e.Byte('(')
		for i, l := range p.Language {
			if i > 0 {
				e.SP()
			}
			e.String(l)
		}
		e.Byte(')')
	}
	e.SP().NString(p.Location)
}

func writeParams(e *wire.Encoder, params []mime.Param) {
	if len(params) == 0 {
		e.NIL()
		return
	}
	e.Byte('(')
	for i := range params {
		name, value := params[i].Wire()
		if i > 0 {
			e.SP()
		}
		e.String(name).SP().String(value)
	}
	e.Byte(')')
}
