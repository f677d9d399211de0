package portal

import "strings"

// browserNames and systemNames are looked for in this order: each browser also calls itself what it wants to be taken for.
var (
	browserNames = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systemNames  = [][2]string{{"iPhone", "an iPhone"}, {"iPad", "an iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "a Chromebook"}, {"Macintosh", "a Mac"}, {"Linux", "Linux"}}
)

// AgentInWords says which browser somebody has, as far as what it calls itself tells: "Firefox on Windows".
func AgentInWords(agent string) string {
	find := func(names [][2]string, otherwise string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return otherwise
	}
	name := find(browserNames, "A browser")
	if on := find(systemNames, ""); on != "" {
		name += " on " + on
	}
	return name
}
