// @vitest-environment jsdom
import { describe, expect, test } from "vitest";
import { isTooMuch, mostElements, sanitise } from "./sanitise.js";

const how = { inline: (cid: string) => (cid === "logo" ? "/jmap/download/logo" : undefined), remote: false, leadsElsewhere: (h: string) => `leads to ${h}`, showQuoted: "Quoted" };

function clean(html: string, remote = false) {
  const { content, hasRemote } = sanitise(html, { ...how, remote });
  const box = document.implementation.createHTMLDocument().createElement("div");
  box.append(content);
  return { box, hasRemote, html: box.innerHTML };
}

const shown = new Set(
  ("a abbr acronym address article aside b bdi bdo big blink blockquote br caption center cite code col colgroup data dd del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins " +
    "kbd li main mark meter nav nobr ol p pre progress q rp rt ruby s samp search section small span strike strong style sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr element decorator content shadow spacer selectmenu").split(" "),
);
const said = /^(?:abbr|align|alt|bgcolor|border|cellpadding|cellspacing|class|clear|color|cols?|colspan|coords|datetime|dir|face|headers|height|high|href|hreflang|id|label|lang|loading|low|max|min|noshade|nowrap|optimum|pattern|referrerpolicy|rel|reversed|role|rows?|rowspan|scope|shape|size|span|src|start|style|summary|target|title|type|valign|value|width|xmlns|kind|media|default|minlength|maxlength|display|required|placeholder|checked|disabled|controls|loop|muted|preload|multiple|readonly|selected|step|enctype|capture|autocapitalize|autocomplete|autopictureinpicture|disablepictureinpicture|disableremoteplayback|playsinline|decoding|inputmode|accept|srclang|interactive|radiogroup)$/;

/** What is wrong with what would be shown. */
function faults(root: ParentNode): string[] {
  const wrong: string[] = [];
  for (const e of root.querySelectorAll("*")) {
    const name = e.localName;
    if (!shown.has(name) || e.namespaceURI !== "http://www.w3.org/1999/xhtml") wrong.push(`element ${name}`);
    for (const { name: a, value } of e.attributes) {
      if (!said.test(a)) wrong.push(`attribute ${a}`);
      if (a === "href" && !/^(?:https?:\/\/[^/]|mailto:|tel:)/.test(value)) wrong.push(`link ${value}`);
      if (a === "href" && (name !== "a" || e.getAttribute("target") !== "_blank" || !/noopener/.test(e.getAttribute("rel") ?? ""))) wrong.push("a link that takes the page along");
      if (a === "src" && !(name === "img" && /^(?:\/jmap\/download\/logo$|data:image\/(?:png|gif|jpeg|webp)[;,])/.test(value))) wrong.push(`picture ${value}`);
      if (a === "style" && /url|position|expression|vh|behavior|\\/i.test(value)) wrong.push(`style ${value}`);
    }
    if (name === "style" && /url|@import|position|expression|</i.test(e.textContent ?? "")) wrong.push(`sheet ${e.textContent}`);
  }
  return wrong;
}

/** What collections of attacks teach, by what they try. Each says "run", by which it would do something. */
const attacks: Record<string, string[]> = {
  "an element that runs": [
    "<script>run()</script>", "<ScRiPt src=https://x.test/run.js></sCrIpT>", "<script/random>run()</script >", "<<script>run()//<</script>", "<script>/*<script>*/run()</script>", "<svg><script>run()</script></svg>",
    "<svg><script href=data:,run() /></svg>", "<math><script>run()</script></math>", "<noscript><script>run()</script></noscript>", "<template><script>run()</script></template>", "<svg><style><script>run()</script></style></svg>",
    "<script type=module>run()</script>", "<script type=speculationrules>{\"prefetch\":[{\"urls\":[\"https://x.test\"]}]}</script>", "<script\x0bsrc=//x.test/run></script>", "<scr\0ipt>run()</scr\0ipt>", "<script x>run()</script y>",
  ],
  "an attribute that runs": [
    "<img src=x onerror=run()>", "<img src=x oNeRrOr=run()>", "<img/src=x/onerror=run()>", "<img src=x\tonerror\n=\nrun()>", "<img src='x'onerror='run()'>", "<body onload=run()>", "<p onmouseover=run()>x</p>", "<a onclick=run()>x</a>",
    "<details open ontoggle=run()>x</details>", "<video onloadstart=run()><source></video>", "<audio src onerror=run()>", "<svg onload=run()>", "<svg/onload=run()>", "<svg><animate onbegin=run() attributeName=x></svg>",
    "<marquee onstart=run()>x</marquee>", "<input autofocus onfocus=run()>", "<div onfocus=run() tabindex=0 autofocus>", "<style onload=run()></style>", "<xss onanimationstart=run() style='animation: a'>", "<div onpointerrawupdate=run()>x</div>",
    "<button popovertarget=x onclick=run()>x</button><div popover id=x onbeforetoggle=run()>", "<a href=# onauxclick=run()>x</a>", "<p contenteditable onpaste=run()>x</p>", "<img src=x:x ` onerror=run()>", "<img \"\"\"><script>run()</script>\">",
    "<p style='content-visibility:auto' oncontentvisibilityautostatechange=run()>x</p>", "<dialog open onclose=run()>x</dialog>", "<object onerror=run() data=x>", "<div onscrollend=run() style='overflow:auto'>x</div>",
  ],
  "an address that runs": [
    "<a href=javascript:run()>x</a>", "<a href='JaVaScRiPt:run()'>x</a>", "<a href=' javascript:run()'>x</a>", "<a href='java\tscript:run()'>x</a>", "<a href='java\nscript:run()'>x</a>", "<a href='\x01javascript:run()'>x</a>",
    "<a href='&#106;avascript:run()'>x</a>", "<a href='&#x6A;avascript&colon;run()'>x</a>", "<a href='jav&Tab;ascript:run()'>x</a>", "<a href='data:text/html,<script>run()</script>'>x</a>", "<a href='data:text/html;base64,cnVuKCk='>x</a>",
    "<a href=vbscript:run()>x</a>", "<a href='blob:https://x.test/run'>x</a>", "<a href='file:///run'>x</a>", "<a href='filesystem:run'>x</a>", "<a href='view-source:run'>x</a>", "<a href='ms-msdt:run'>x</a>", "<a href='search-ms:query=run'>x</a>",
    "<a href='/log-out'>x</a>", "<a href='//x.test'>x</a>", "<a href='#run'>x</a>", "<a href='https:log-out'>x</a>".replace("https:log-out", "https:"), "<a href='?run'>x</a>", "<a href='\\\\x.test\\run'>x</a>", "<svg><a xlink:href=javascript:run()><text>x</text></a></svg>",
    "<math href=javascript:run()>x</math>", "<math><mtext xlink:href=javascript:run()>x</mtext></math>", "<form action=javascript:run()><button>x</button></form>", "<button formaction=javascript:run()>x</button>", "<isindex action=javascript:run()>",
    "<iframe src=javascript:run()></iframe>", "<iframe srcdoc='<script>run()</script>'></iframe>", "<embed src=javascript:run()>", "<object data=javascript:run()></object>", "<object><param name=src value=javascript:run()></object>",
    "<img src=javascript:run()>", "<img dynsrc=javascript:run()>", "<img lowsrc=javascript:run()>", "<input type=image src=javascript:run()>", "<bgsound src=javascript:run()>", "<layer src=run></layer>", "<blockquote cite=javascript:run()>x</blockquote>",
    "<table background=javascript:run()>", "<area href=javascript:run()>", "<map name=x><area href=https://x.test shape=default></map><img usemap=#x>", "<base href=javascript:run()//><a href=x>x</a>", "<meta http-equiv=refresh content='0;javascript:run()'>",
    "<link rel=import href=https://x.test/run>", "<svg><use href='data:image/svg+xml,<svg id=x onload=run()>#x'/></svg>", "<svg><set attributeName=href to=javascript:run() /></svg>", "<svg><animate attributeName=href values=javascript:run() /></svg>",
  ],
  "a reading that differs": [
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=run()&gt;\">", "<svg></p><style><a id=\"</style><img src=1 onerror=run()>\">", "<noscript><p title=\"</noscript><img src=x onerror=run()>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=run()>", "<math><mi><table><mi><style><!--</style><img title='--><img src onerror=run()>'>", "<svg><desc><style><img title='</style><img src onerror=run()>'></desc></svg>",
    "<svg><foreignObject><p><style><!--</style><a title='--><img src onerror=run()>'>", "<math><annotation-xml encoding=text/html><p><style></math><img src onerror=run()>", "<select><template><style><!--</select><img src onerror=run()>-->", "<xmp><p title='</xmp><img src onerror=run()>'>",
    "<textarea><p title='</textarea><img src onerror=run()>'>", "<title><p title='</title><img src onerror=run()>'>", "<noembed><p title='</noembed><img src onerror=run()>'>", "<plaintext><img src onerror=run()>", "<listing>&lt;img src onerror=run()&gt;</listing>",
    "<iframe><p title='</iframe><img src onerror=run()>'>", "<!--><img src onerror=run()>-->", "<!--!><img src onerror=run()>", "<!-- --!><img src onerror=run()>", "<![CDATA[<img src onerror=run()>]]>", "<svg><![CDATA[<img src onerror=run()>]]></svg>", "<?xml-stylesheet href=run?><p>x",
    "<!doctype x [<!entity y 'run'>]><p>x", "<p title=\"`><img src onerror=run()>\">x", "<a\x0chref=javascript:run()>x</a>", "<style><!--</style><img src onerror=run()>--></style>", "<style></style/><img src onerror=run()>", "+ADw-script+AD4-run()+ADw-/script+AD4-",
    "<b><p><b><table><a><tr><style></b><img src=x onerror=run()>", "<table><td><svg><style></td><img src onerror=run()>", "<svg><title><![CDATA[</title><img src onerror=run()>]]></svg>", "<p id='</p><img src onerror=run()>'>", "<div is=x-run>x</div>", "<x-run>x</x-run>",
    "<template shadowrootmode=open><img src onerror=run()></template>", "<div><template shadowrootmode=closed><style>p{}</style></template></div>", "<a href='https://x.test/\"><img src onerror=run()>'>x</a>", "<svg:script>run()</svg:script>", "<image src=x onerror=run()>",
  ],
  "something from elsewhere": [
    "<img src=https://x.test/run>", "<img src=//x.test/run>", "<img srcset='https://x.test/run 1x'>", "<picture><source srcset=https://x.test/run><img></picture>", "<video poster=https://x.test/run></video>", "<audio src=https://x.test/run></audio>",
    "<link rel=stylesheet href=https://x.test/run>", "<link rel=preload as=image href=https://x.test/run>", "<link rel=dns-prefetch href=//x.test>", "<style>@import 'https://x.test/run'</style>", "<style>@import url(//x.test/run);</style>", "<style>p{background:url(https://x.test/run)}</style>",
    "<p style='background:url(https://x.test/run)'>x</p>", "<p style='background:u\\72l(https://x.test/run)'>x</p>", "<p style='list-style-image:url(https://x.test/run)'>x</p>", "<td background=https://x.test/run>", "<body background=https://x.test/run>", "<object data=https://x.test/run></object>",
    "<embed src=https://x.test/run>", "<iframe src=https://x.test/run></iframe>", "<svg><image href=https://x.test/run /></svg>", "<svg><use xlink:href=https://x.test/run#a /></svg>", "<input type=image src=https://x.test/run>", "<a ping=https://x.test/run href=https://y.test>x</a>",
    "<style>@font-face{font-family:a;src:url(https://x.test/run)}p{font-family:a}</style>", "<style>a::after{content:url(https://x.test/run)}</style>", "<style>[value^=a]{background:url(https://x.test/run)}</style>", "<p style=\"background-image:image-set('https://x.test/run' 1x)\">x</p>",
    "<img src='https:run'>", "<img src='http:/run'>", "<img src=ftp://x.test/run>", "<img src=/log-out>", "<img src='data:image/svg+xml,<svg onload=run()>'>", "<img src='data:text/html,run'>", "<meta http-equiv=refresh content='0;url=https://x.test/run'>",
    "<form action=https://x.test/run><input name=x></form>", "<track src=https://x.test/run>", "<frameset><frame src=https://x.test/run></frameset>", "<applet code=run></applet>", "<portal src=https://x.test/run></portal>", "<fencedframe src=https://x.test/run></fencedframe>", "<img src=cid:unknown>",
    "<div style='border-image:url(https://x.test/run)'>x</div>", "<div style='cursor:url(https://x.test/run),auto'>x</div>", "<div style='filter:url(https://x.test/run#a)'>x</div>", "<div style='-webkit-mask-image:url(https://x.test/run)'>x</div>",
  ],
  "something that lies over the rest": [
    "<div style='position:fixed;inset:0;background:#fff'>run</div>", "<div style='position:absolute;top:0'>run</div>", "<div style='margin-top:-500px'>run</div>", "<style>div{position:fixed}</style><div>run</div>", "<div style='transform:scale(99)'>run</div>",
    "<dialog open>run</dialog>", "<div popover=manual>run</div>", "<div style='height:100vh'>run</div>", "<div style='position:sticky;top:0'>run</div>", "<style>*{position:fixed!important}</style>", "<div style='\\70osition:fixed'>run</div>", "<div style='pos/**/ition:fixed'>run</div>",
    "<label for=x>run</label><input id=x>", "<select><option>run</select>", "<fieldset><legend>run</legend></fieldset>", "<keygen>", "<a href=https://x.test style='position:fixed;width:100%;height:100%'>run</a>",
  ],
  "a name that means something to the page": [
    "<img name=body>", "<a id=letter-body>x</a>", "<div class=haven-quoted>x</div>", "<div class='a haven-elsewhere'>x</div>", "<form name=querySelector>x</form>", "<a name=getElementById>x</a>", "<img name=defaultView>", "<iframe name=parent></iframe>",
  ],
};

describe.each(Object.entries(attacks))("%s", (_, cases) => {
  test.each(cases)("%s", (html) => {
    const { box } = clean(html);
    expect(faults(box)).toEqual([]);
    const again = new DOMParser().parseFromString(box.innerHTML, "text/html"); // though nothing reads it a second time
    expect(faults(again.body)).toEqual([]);
    expect(box.querySelector("[name], .haven-quoted, .haven-elsewhere:not(a + span), #letter-body")).toBeNull();
  });
});

test("what is put into one another without end is shown or left out, and does not keep anybody waiting", () => {
  const began = performance.now();
  for (const deep of ["<b>", "<div>", "<blockquote>", "<table><tr><td>", "<svg>", "<font><p>", "<a href=https://x.test>nhs.uk"]) expect(faults(clean(deep.repeat(400)).box)).toEqual([]);
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(isTooMuch("<b>".repeat(2 * mostElements + 1))).toBe(true);
  expect(isTooMuch("a < b ".repeat(100))).toBe(false);
}, 30_000);

test("a newsletter looks as it was made", () => {
  const { box, hasRemote } = clean(`<!doctype html><html><head><title>News</title><style type="text/css"><!-- body{margin:0} .col{width:300px!important} @media (max-width:480px){.col{width:100%!important}} --></style></head>
    <body bgcolor="#eeeeee" style="font-family:Arial" class="page newsletter-body letter-2"><table role="presentation" width="600" cellpadding="0" cellspacing="0" align="center"><tr><td class="col" valign="top" style="padding: 10px 20px; border-bottom: 1px solid rgb(204, 204, 204);">
    <font face="Arial" color="red" size="2">Hello</font></td></tr></table></body></html>`);
  expect(hasRemote).toBe(false);
  expect(box.textContent).not.toContain("News");
  expect(box.querySelector("style")?.textContent).toContain("@media (max-width:480px){.col{width:100%!important}}");
  const body = box.querySelector(".letter-body");
  expect(body?.getAttribute("style")).toBe("background-color: rgb(238, 238, 238); font-family: Arial;");
  expect(body?.className).toBe("page newsletter-body letter-body");
  expect(body?.querySelector("table")?.outerHTML).toContain('role="presentation"');
  expect(body?.querySelector("td")?.getAttribute("style")).toBe("padding: 10px 20px; border-bottom: 1px solid rgb(204, 204, 204);");
});

test("pictures of the letter are shown, those from elsewhere when they are asked for", () => {
  const letter = '<img src="cid:logo" alt="Logo"><img src="http://x.test/a.png"><img src="data:image/png;base64,AA"><td background="x">';
  expect([...clean(letter).box.querySelectorAll("img")].map((i) => i.getAttribute("src"))).toEqual(["/jmap/download/logo", null, "data:image/png;base64,AA"]);
  expect(clean(letter).hasRemote).toBe(true);
  expect([...clean(letter, true).box.querySelectorAll("img")].map((i) => i.getAttribute("src"))).toEqual(["/jmap/download/logo", "https://x.test/a.png", "data:image/png;base64,AA"]);
  expect(clean('<img src="cid:logo">').hasRemote).toBe(false);
  const own = clean(`<img src="${location.origin}/log-out">`, true);
  expect(own.box.querySelector("img")?.hasAttribute("src")).toBe(!location.origin.startsWith("https")); // jsdom's own page is plain http, and http is made https
});

test("a link says where it leads, and one that names another place is told of", () => {
  const { box } = clean('<a href="https://evil.test/x" title="Your bank">www.nhs.uk</a> <a href="mailto:ben@pharmacy.test?subject=x">Ben</a> <a href="https://a.test">More</a>');
  const [first, second, third] = box.querySelectorAll("a");
  expect(first?.title).toBe("https://evil.test/x");
  expect(first?.nextElementSibling?.textContent).toBe("leads to evil.test");
  expect(second?.title).toBe("ben@pharmacy.test");
  expect(third?.nextElementSibling).toBeNull();
});

describe("what is quoted", () => {
  const folded = (html: string) => clean(html).box.querySelector("details");
  test.each([
    ["<p>Yes</p><blockquote>Is it?</blockquote>"],
    ['<div>Yes</div><div class="gmail_quote"><div>On Monday Ben wrote:</div><blockquote>Is it?</blockquote></div>'],
    ['<p>Yes</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: Ben</div><div>Is it?</div>'],
    ['<p>Yes</p><div class="moz-cite-prefix">On Monday Ben wrote:</div><blockquote type="cite">Is it?</blockquote>'],
    ["<p>Yes</p><blockquote>Is it?<blockquote>Was it?</blockquote></blockquote><br> "],
  ])("%s is folded", (html) => {
    const details = folded(html);
    expect(details?.textContent).toMatch(/^Quoted/);
    expect(details?.textContent).toContain("Is it?");
    expect(details?.textContent).not.toContain("Yes");
  });
  test.each([["<blockquote>All of it</blockquote>"], ["<p>One</p><blockquote>Two</blockquote><p>Three</p>"], ["<blockquote>One</blockquote>"], ["<p>Yes</p><blockquote> </blockquote>"]])("%s stays open", (html) => expect(folded(html)).toBeNull());
});
