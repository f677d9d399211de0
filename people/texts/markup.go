package texts

import (
	"net/url"
	"strings"
)

// Block is a part of a text: a heading, a paragraph or a list.
type Block struct {
	Heading bool
	Spans   []Span   // of a heading or a paragraph
	Items   [][]Span // of a list
}

// Span is words, and where they lead.
type Span struct{ Text, Href string }

// Parse reads a text: a line with # in front is a heading, lines with - in front are a list, other lines are paragraphs, and [words](address) is a
// link. Nothing else means anything: whatever looks like HTML is words. An address that Leads refuses is words too.
func Parse(body string) (all []Block) {
	list := false
	for _, line := range strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n") {
		line = strings.TrimSpace(line)
		item, isItem := strings.CutPrefix(line, "- ")
		switch {
		case line == "":
		case isItem && list:
			last := &all[len(all)-1]
			last.Items = append(last.Items, spans(item))
		case isItem:
			all = append(all, Block{Items: [][]Span{spans(item)}})
		case strings.HasPrefix(line, "#"):
			all = append(all, Block{Heading: true, Spans: []Span{{Text: strings.TrimSpace(strings.TrimLeft(line, "#"))}}})
		default:
			all = append(all, Block{Spans: spans(line)})
		}
		list = isItem
	}
	return all
}

// spans finds the links of a line.
func spans(line string) (all []Span) {
	for {
		before, rest, ok := strings.Cut(line, "[")
		words, after, ok2 := strings.Cut(rest, "](")
		href, end, ok3 := strings.Cut(after, ")")
		if !ok || !ok2 || !ok3 || strings.Contains(words, "[") || words == "" || !Leads(href) {
			if ok && line != "" { // a bracket that begins no link
				all = add(all, before+"[")
				line = rest
				continue
			}
			return add(all, line)
		}
		all = append(add(all, before), Span{words, href})
		line = end
	}
}

// add appends words to those in front.
func add(all []Span, words string) []Span {
	switch n := len(all); {
	case words == "":
	case n > 0 && all[n-1].Href == "":
		all[n-1].Text += words
	default:
		all = append(all, Span{Text: words})
	}
	return all
}

// Leads reports whether a link may lead there: a page of ours, another one over HTTPS, an address, or a telephone number.
func Leads(href string) bool {
	u, err := url.Parse(href)
	if err != nil || strings.ContainsAny(href, "\\ \t\r\n\"<>") {
		return false
	}
	switch u.Scheme {
	case "":
		return strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//")
	case "https":
		return u.Host != "" && u.User == nil
	case "mailto", "tel":
		return u.Opaque != ""
	}
	return false
}
