// Package signature keeps the text that ends the letters which people write in the browser: one of each person's own mailbox, and one of each shared mailbox, which
// its owners write and each member signs with the own name. Mail programs keep signatures of their own, and know nothing of this one.
package signature

// Signed is a signature as one person's letters end with it: the same in plain text and for a letter in HTML. Both are empty where there is none.
type Signed struct {
	Text string // lines between line feeds, none at the end
	HTML string // escaped, with <br> between the lines
}

// Member is what a signature says of whoever writes a letter.
type Member struct {
	Name string
	Job  string // "": nobody knows it
}
