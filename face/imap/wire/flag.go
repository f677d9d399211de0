package wire

// MaxFlagLen bounds a keyword's octets, so that flag lists stay small.
const MaxFlagLen = 100

// Flag reads a flag: \Seen and the like, or a keyword, as written.
func (d *Decoder) Flag() string {
	s := ""
	if d.Accept('\\') {
		s = "\\"
	}
	s += d.Atom()
	if len(s) > MaxFlagLen {
		d.Bad("a flag has at most 100 octets")
	}
	return s
}

// FlagList reads flags in parentheses.
func (d *Decoder) FlagList() []string {
	var flags []string
	d.List(func() {
		if len(flags) == 200 {
			d.Bad("too many flags")
			return
		}
		flags = append(flags, d.Flag())
	})
	return d.orNone(flags)
}

// orNone keeps flags that were read before an error from being used.
func (d *Decoder) orNone(flags []string) []string {
	if d.err != nil {
		return nil
	}
	return flags
}

// Flags reads flags in parentheses or, as STORE allows, bare with spaces between (RFC 9051 store-att-flags).
func (d *Decoder) Flags() []string {
	if c, ok := d.Peek(); ok && c == '(' {
		return d.FlagList()
	}
	flags := []string{d.Flag()}
	for d.Accept(' ') {
		if len(flags) == 200 {
			d.Bad("too many flags")
			break
		}
		flags = append(flags, d.Flag())
	}
	return d.orNone(flags)
}
