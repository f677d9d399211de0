package mime

import (
	"slices"
	"strconv"
	"strings"
)

// asciiParams is what RFC 2045 §5.2 gives a part without Content-Type.
var asciiParams = []Param{{Name: "charset", Value: "us-ascii"}}

// readFields fills what the part's header says of it. A header of which nothing could be kept makes an opaque part.
// names are all file names that it gives; unclear says why another program may read a part with other contents.
func (p *Part) readFields(h Header, digest, cut bool) (names []string, unclear string) {
	p.Type, p.Subtype, p.Params, p.Encoding = "text", "plain", asciiParams, "7bit"
	var seen seenFields
	for f := range h.Fields() {
		if len(f.Name) < 10 || !strings.EqualFold(f.Name[:8], "content-") {
			continue
		}
		p.readField(f, &seen)
	}
	switch {
	case seen.typed:
	case cut:
		p.asOpaque()
		p.Params = nil
	case digest:
		p.Type, p.Subtype, p.Params = "message", "rfc822", nil
	}
	if cut {
		return seen.names, "a header is longer than is read"
	}
	return seen.names, seen.unclear(p)
}

// seenFields is what a part's header said so far, of which a part keeps the last.
type seenFields struct {
	typed     bool
	names     []string
	types     []string // Content-Type, as given
	encodings []string // Content-Transfer-Encoding
	twice     bool     // a parameter that decides what the part holds has two values
	unread    bool     // a type or an encoding that can't be read, or not to its end
}

// unclear says why programs may differ in what a part holds: fields of which one has to win.
func (s *seenFields) unclear(p *Part) string {
	switch {
	case differ(s.types) && slices.ContainsFunc(s.types, isContainer):
		return "a part has several types"
	case differ(s.encodings):
		return "a part has several encodings"
	case s.twice:
		return "a parameter has several values"
	case s.unread:
		return "a part says in no readable way what it is"
	case p.Type == "multipart" && (p.Encoding == "base64" || strings.Contains(p.Encoding, "uue")):
		return "a container is encoded"
	}
	return ""
}

// isContainer reports whether a type, however it is written, may be taken for one whose parts hold something.
func isContainer(t string) bool {
	t = strings.ToLower(strings.TrimLeft(skipComments(t), "\"'"))
	return strings.HasPrefix(t, "multipart") || strings.HasPrefix(t, "message")
}

func differ(values []string) bool {
	for _, v := range values {
		if !strings.EqualFold(v, values[0]) {
			return true
		}
	}
	return false
}

func (p *Part) readField(f Field, seen *seenFields) {
	switch {
	case f.Is("Content-Type"):
		seen.types = append(seen.types, f.Value())
		seen.length(f)
		if t, s, params, ok := parseContentType(f.Value()); ok {
			p.Type, p.Subtype, p.Params, seen.typed = t, s, params, true
			seen.collect(params)
		} else {
			seen.unread = seen.unread || isContainer(f.Value())
		}
		seen.loose(f.Body)
	case f.Is("Content-Transfer-Encoding"):
		rest := skipComments(f.Value())
		if v, _ := cutToken(rest); v != "" {
			p.Encoding = strings.ToLower(v)
			seen.encodings = append(seen.encodings, v)
		} else {
			seen.unread = seen.unread || rest != ""
		}
	case f.Is("Content-Disposition"):
		seen.length(f)
		v, rest := cutToken(skipComments(f.Value()))
		if v != "" {
			p.Disposition = strings.ToLower(v)
			p.DispositionParams = parseParams(rest)
			seen.collect(p.DispositionParams)
		}
		seen.loose(f.Body)
	case f.Is("Content-ID"):
		p.ID = f.Value()
	case f.Is("Content-Description"):
		p.Description = f.Value()
	case f.Is("Content-MD5"):
		p.MD5 = f.Value()
	case f.Is("Content-Location"):
		p.Location = f.Value()
	case f.Is("Content-Language"):
		p.Language = readLanguages(f.Value())
	}
}

// collect keeps every file name among some parameters, and looks whether a boundary is given twice.
func (s *seenFields) collect(params []Param) {
	boundary := ""
	for _, param := range params {
		switch param.Name {
		case "name", "filename":
			s.names = append(s.names, DecodeHeader(param.Value))
		case "boundary":
			s.twice = s.twice || boundary != "" && boundary != param.Value
			boundary = param.Value
		default:
			name, _, _ := strings.Cut(param.Name, "*") // a section that fits nowhere
			s.twice = s.twice || name == "boundary"
		}
	}
}

// length notes a field of which a part is not read.
func (s *seenFields) length(f Field) {
	s.unread = s.unread || len(f.Body) > maxValue || strings.Count(f.Body, ";") > maxParams
}

// loose keeps the file names that less careful readers find in a field: with a missing semicolon, with a comment or a
// second word behind them, in sections of which one is missing or given twice.
func (s *seenFields) loose(body string) {
	type section struct {
		no   string
		text string
	}
	var sections []section
	for {
		i := indexName(body)
		if i < 0 {
			break
		}
		key := strings.TrimLeft(body[i+len("name"):], "*0123456789")
		no := body[i+len("name") : len(body)-len(key)]
		if body = strings.TrimLeft(key, " \t\r\n"); body == "" || body[0] != '=' {
			continue
		}
		var value string
		value, body, _ = strings.Cut(body[1:], ";")
		value = strings.Trim(value, " \t\r\n")
		if no != "" {
			if _, text, ok := strings.Cut(value, "'"); ok { // charset'language'text
				if _, text, ok = strings.Cut(text, "'"); ok {
					value = text
				}
			}
			value = percentDecode(value)
			sections = append(sections, section{no, strings.ReplaceAll(value, `"`, "")})
		}
		s.name(strings.ReplaceAll(value, `"`, ""))
		if strings.HasPrefix(value, `"`) {
			value, _ = cutQuoted(value)
		} else {
			value, _, _ = strings.Cut(value, " ")
		}
		s.name(value)
	}
	if len(sections) > 1 {
		slices.SortStableFunc(sections, func(a, b section) int { return sectionNo(a.no) - sectionNo(b.no) })
		all := ""
		for _, sec := range sections[:min(len(sections), maxParams)] {
			all += sec.text
		}
		s.name(all)
	}
}

func sectionNo(s string) int {
	n, _ := strconv.Atoi(strings.Trim(s, "*")) // what is no number comes first
	return min(max(n, 0), maxParams)
}

// indexName finds the word name in any case, within filename too.
func indexName(s string) int {
	for i := 0; i+4 <= len(s); i++ {
		if s[i]|0x20 == 'n' && strings.EqualFold(s[i:i+4], "name") {
			return i
		}
	}
	return -1
}

// looseWords decodes encoded words of any length and in any character set, as far as they are in ASCII.
func looseWords(v string) string {
	var b strings.Builder
	for {
		before, word, ok := strings.Cut(v, "=?")
		b.WriteString(strings.TrimSpace(before))
		if !ok {
			return cleanText(fromUnlabelled(b.String()))
		}
		_, word, _ = strings.Cut(word, "?")
		encoding, text, _ := strings.Cut(word, "?")
		text, v, _ = strings.Cut(text, "?=")
		if strings.EqualFold(encoding, "b") {
			d := base64Decoder{}
			b.Write(d.flush(d.decode(nil, []byte(text))))
		} else {
			b.Write(decodeQ(text))
		}
	}
}

// name keeps a file name once; of a very long one the end, which says what it is.
func (s *seenFields) name(v string) {
	v = DecodeHeader(v[max(0, len(v)-maxValue):])
	if strings.Contains(v, "=?") {
		s.keep(looseWords(v))
	}
	s.keep(v)
}

func (s *seenFields) keep(v string) {
	switch {
	case v == "" || slices.Contains(s.names, v):
	case len(s.names) >= maxParams:
		s.unread = true
	default:
		s.names = append(s.names, v)
	}
}

func readLanguages(v string) []string {
	var tags []string
	for s := range strings.SplitSeq(v, ",") {
		tag, _ := cutToken(skipComments(s))
		if tag != "" && len(tags) < maxLanguages {
			tags = append(tags, tag)
		}
	}
	return tags
}

// parseContentType reads RFC 2045 §5.1. A value without a subtype or with a type that is no token is not ok.
func parseContentType(v string) (typ, subtype string, params []Param, ok bool) {
	typ, rest := cutToken(skipComments(v))
	rest = skipComments(rest)
	if typ == "" || rest == "" || rest[0] != '/' {
		return "", "", nil, false
	}
	subtype, rest = cutToken(skipComments(rest[1:]))
	if subtype == "" {
		return "", "", nil, false
	}
	return strings.ToLower(typ), strings.ToLower(subtype), parseParams(rest), true
}

// ParseType reads a Content-Type value: the type in lower case, such as "text/plain", and its parameters. It is not ok
// for a value that has no type and subtype.
func ParseType(v string) (typ string, params []Param, ok bool) {
	t, s, params, ok := parseContentType(unfold(v))
	if !ok {
		return "", nil, false
	}
	return t + "/" + s, params, true
}

// parseParams reads `; name=value` over and over. What can't be read is left out up to the next semicolon.
func parseParams(s string) []Param {
	var params []Param
	encoded := false
	for range maxParams {
		i := strings.IndexByte(s, ';')
		if i < 0 {
			break
		}
		name, rest := cutToken(skipComments(s[i+1:]))
		rest = skipComments(rest)
		if name == "" || rest == "" || rest[0] != '=' {
			s = s[i+1:]
			continue
		}
		var value string
		value, s = cutValue(skipComments(rest[1:]))
		encoded = encoded || strings.IndexByte(name, '*') >= 0
		if params == nil {
			params = make([]Param, 0, 2)
		}
		params = append(params, Param{Name: strings.ToLower(name), Value: value})
	}
	if encoded {
		params = joinContinuations(params)
	}
	return params
}

// cutValue takes a quoted string, or whatever there is up to a semicolon: unquoted file names with spaces are common.
func cutValue(s string) (value, rest string) {
	if s == "" || s[0] != '"' {
		i := strings.IndexByte(s, ';')
		if i < 0 {
			i = len(s)
		}
		value = s[:i]
		if j := strings.IndexByte(value, '('); j > 0 && (value[j-1] == ' ' || value[j-1] == '\t') {
			value = value[:j]
		}
		return trimRightSpace(value), s[i:]
	}
	return cutQuoted(s)
}

// cutQuoted takes the quoted string that s begins with, without its quotes and backslashes. A missing end quote is
// taken to be at the end.
func cutQuoted(s string) (value, rest string) {
	i := strings.IndexAny(s[1:], `"\`) + 1
	if i > 0 && s[i] == '"' {
		return s[1:i], s[i+1:]
	}
	if i == 0 {
		return s[1:], ""
	}
	var b strings.Builder
	for i = 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:]
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// cutToken takes a token (RFC 2045 §5.1), tolerating 8-bit octets.
func cutToken(s string) (token, rest string) {
	i := 0
	for i < len(s) && isToken(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func isToken(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '@', ',', ';', ':', '\\', '"', '/', '[', ']', '?', '=':
		return false
	}
	return c > ' ' && c != 0x7f
}

// skipComments skips white space and comments (RFC 5322 §3.2.2).
func skipComments(s string) string {
	for s != "" {
		switch s[0] {
		case ' ', '\t', '\r', '\n':
			s = s[1:]
		case '(':
			_, s = cutComment(s)
		default:
			return s
		}
	}
	return s
}

// cutComment takes the comment that s begins with, nested ones included, and returns what is between its parentheses.
func cutComment(s string) (text, rest string) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[1:i], s[i+1:]
			}
		}
	}
	return s[1:], ""
}

func trimRightSpace(s string) string { return strings.TrimRight(s, " \t\r\n") }

// section is one piece of a parameter that RFC 2231 §3 and §4 let be cut and encoded.
type section struct {
	value   string
	encoded bool
}

// joinContinuations puts sections together, at the place of the first of them, and decodes what is encoded.
func joinContinuations(in []Param) []Param {
	var out []Param
	seen := map[string]bool{}
	given := map[string]bool{}
	for _, p := range in {
		name, _, _, ok := splitSection(p.Name)
		if !ok || given[p.Name] { // a section that is given twice belongs to no whole
			out = append(out, p)
			continue
		}
		given[p.Name] = true
		if seen[name] {
			continue
		}
		seen[name] = true
		sections := collect(in, name)
		if len(sections) > 0 {
			out = append(out, joinSections(name, sections))
		}
		out = append(out, behindGap(in, name, len(sections))...)
	}
	return out
}

// behindGap are the sections of name that no whole was made of, since one before them is missing.
func behindGap(in []Param, name string, whole int) (rest []Param) {
	for _, p := range in {
		if n, no, _, ok := splitSection(p.Name); ok && n == name && no >= whole {
			rest = append(rest, p)
		}
	}
	return rest
}

// splitSection reads a name such as "filename*1*". It is not ok for a name without an asterisk.
func splitSection(s string) (name string, no int, encoded, ok bool) {
	name, rest, ok := strings.Cut(s, "*")
	if !ok || name == "" {
		return s, 0, false, false
	}
	if rest == "" {
		return name, 0, true, true
	}
	rest, encoded = strings.CutSuffix(rest, "*")
	no, err := strconv.Atoi(rest)
	if err != nil || no < 0 || no >= maxParams {
		return s, 0, false, false
	}
	return name, no, encoded, true
}

// collect finds the sections of name from 0 up to the first that is missing.
func collect(in []Param, name string) []section {
	var found [maxParams]*section
	for _, p := range in {
		n, no, encoded, ok := splitSection(p.Name)
		if ok && n == name && found[no] == nil {
			found[no] = &section{p.Value, encoded}
		}
	}
	var sections []section
	for _, s := range found {
		if s == nil {
			break
		}
		sections = append(sections, *s)
	}
	return sections
}

func joinSections(name string, sections []section) Param {
	encoded := false
	for _, s := range sections {
		encoded = encoded || s.encoded
	}
	var raw, octets strings.Builder
	charset := ""
	for i, s := range sections {
		v := s.value
		if i == 0 && s.encoded {
			var tail string
			if cs, rest, ok := strings.Cut(v, "'"); ok {
				if _, text, ok := strings.Cut(rest, "'"); ok {
					charset, tail = cs, text
				}
			}
			if charset != "" || tail != "" || strings.HasPrefix(v, "''") {
				raw.WriteString(v[:len(v)-len(tail)])
				v = tail
			} else {
				raw.WriteString("''")
			}
		} else if i == 0 && encoded {
			raw.WriteString("''")
		}
		if s.encoded {
			raw.WriteString(v)
			octets.WriteString(percentDecode(v))
		} else {
			percentEncode(&raw, v)
			octets.WriteString(v)
		}
	}
	if !encoded {
		return Param{Name: name, Value: octets.String()}
	}
	value, ok := decodeCharset(charset, octets.String())
	if !ok {
		value = fromUnlabelled(octets.String())
	}
	return Param{Name: name, Value: cleanText(value), Raw: raw.String()}
}

func percentDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// percentEncode writes what RFC 2231 §7 calls extended-other-values.
func percentEncode(b *strings.Builder, s string) {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		if c := s[i]; isToken(c) && c < 0x7f && c != '*' && c != '\'' && c != '%' {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
