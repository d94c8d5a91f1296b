"""The 500 strings of the tokenizers' goldens, for make_tokenizers.py."""

import random

WORDS = {
    "latin": "the quick brown fox jumps over lazy dogs don't it's we'll they've I'M SHOULDN'T naïve café Straße İstanbul ﬁne "
    "Ǆungla œuvre résumé Łódź Ærøskøbing ſtop ñandú Ｆｕｌｌｗｉｄｔｈ Zürich Þingvellir Nguyễn Việt ŉ ẞ ĳ e\u0301a\u0300n\u0303 "
    "o\u0308\u0323 A\u030a s\u0323\u0307 x\u0302 \u1e9b\u0323 \u212b \u2126",
    "cyrillic": "съешь ещё этих мягких французских булок Київ їжак ЁЛКА и\u0306 Ђорђе ѣ",
    "greek": "Ὀδυσσεύς καλημέρα ΣΊΣΥΦΟΣ άνθρωπος α\u0301 ώ ϐ ΐ",
    "arabic": "مرحبا بالعالم ٱلسَّلَامُ عَلَيْكُمْ ۱۲۳ ٤٥٦ ﷺ ﻻ پارسی",
    "hebrew": "שלום עולם בְּרֵאשִׁית יִידיש ״ציטוט״",
    "devanagari": "नमस्ते दुनिया क्षत्रिय हिन्दी १२३४ क़ क\u093c",
    "thai": "สวัสดีชาวโลก ภาษาไทย ๑๒๓ น้ำ",
    "cjk": "你好世界 今天天气很好。 東京都 漢字かな交じり文 カタカナ ﾊﾝｶｸ ｶﾞ が か\u3099 𠮷野家 〇 ㍿ 「引用」 ３．１４ 豈 丽",
    "hangul": "안녕하세요 세계 한국어 \u1112\u1161\u11ab ㅎㅏㄴ",
    "other": "ქართული Հայերեն አማርኛ தமிழ் বাংলা ᚠᚢᚦ မြန်မာ ខ្មែរ ລາວ བོད་ 𐍈 𝔘𝔫𝔦 𝟙𝟚 ᏣᎳᎩ",
    "emoji": "😀 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇨🇭 ❤️ ❤ 🧑🏿‍🚀 1️⃣ ☃ ✌🏻 🤷🏽‍♀️ ©️ ™",
    "math": "∑ᵢ₌₁ⁿ x²≥½ ∀ε>0 ∃δ √2≈1.41421 𝛼+𝛽 ∞ ⅷ Ⅻ ℝⁿ ∂f/∂x a≠b ½ ¼ ² ³ ① ⑳ ∬ ∯",
    "numbers": "0 7 42 1234567890 3.14159 1,000,000 1e-9 -273.15 0xFF 12:34:56 2024-02-29 50% $19.99 №5 ١٢٣ ५६ 1st",
    "punctuation": "... ?! — – “quoted” ‘single’ «guillemets» `code` ``tex'' (a) [b] {c} <d> a/b a\\b #tag @user & * ~ ^ _ | § ¶ … ‰ ‼ ⁇ ～ ~ ·",
    "code": "def f(x):\n\treturn x**2 const a=[1,2].map(x=>x+1); if(a&&b||!c){i++;} SELECT\t*\tFROM\tt; #include<stdio.h> "
    "snake_case_name camelCaseName --flag=v \\n\\t \"esc\\\"aped\" /* c */ // d",
    "urls": "https://example.org/a/b?c=d&e=%20f#g mailto:a.b+c@d.co.uk C:\\dir\\file.txt ../../x.tar.gz 192.168.0.1 [::1]:8080",
}

SPACES = [" ", "  ", "   ", "     ", "\t", "\t\t", "\n", "\n\n", "\r\n", "\n \n", " \n", "\n  ", "\u00a0", "\u3000", "\u2003", "\u2009",
          "\u202f", "\u1680", "\u0085", "\u2028", "\u2029", "\u000b", "\u000c", "                "]

CONTROLS = ["\u0000", "\u0001", "\u0007", "\u0008", "\u001b[0m", "\u001f", "\u007f", "\u0080", "\u009f", "\u00ad", "\u061c", "\u180e", "\u200b",
            "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff", "\ufff9", "\ufffc", "\ufffd", "\ue000",
            "\U000f0000", "\U000e0001", "\ufe0f", "\ufe0e", "\u034f", "\u0378", "\u2581", "\u2581\u2581", "\u0120", "\u010a", "##ing", "</w>", "<0x41>", "\U0001f3fb"]

SPECIALS = ["<s>", "</s>", "<unk>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "<|endoftext|>", "<|im_start|>", "<|im_end|>",
            "<bos>", "<eos>", "<start_of_turn>", "<extra_id_0>", "<word>", "<Norm É>", "<lonely>"]

WHOLE = [
    "", " ", "  ", "\n", "\t", "a", " a", "a ", "  a  ", "\na\n", "Hello, world!", " Hello  world ", "don't do that, it's n't 've 'S 'LL y'all'd've",
    "'s 't 're ' '' ''' \"", "No . Yes , Maybe ? Wow ! it 's ca n't we 're I 'm they 've ' x '",
    "def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\n",
    "{\n  \"a\": [1, 2.5, -3e10],\n\t\"b\": null\n}\n\n\n", "<html><body class=\"x\">&amp;</body></html>",
    "The\u00a0year\u20071984\u3000was", "\u202bשלום (world) 123\u202c", "مرحبا\u200f world \u200eend", "e\u0301 vs \u00e9 vs \u0065\u0301\u0301",
    "한국어 vs \u1112\u1161\u11ab\u1100\u116e\u11a8", "a\u0300\u0301\u0302\u0303\u0304b", "\u0301 leading accent", "\ud55c\u0301", "ＡＢＣ１２３　ｘ", "㌀㌔㍻", "ｶﾞｷﾞ ﾊﾟ", "①②③⒈⑴", "ﷺﷲ",
    "½⅓¼ x⁵ H₂O", "～ wave 〜 ~ ∼", "～Ａ～ｶﾞ～", "…‥․", "İ I ı i ß ẞ ΑΣ ΑΣΑ", "ΟΔΥΣΣΕΥΣ ΣΑΣ Σ", "ǅ ǈ ŉ ﬃ ﬄ", "x" * 120, "xy " * 40, "é" * 60, "字" * 40, "1" * 37, "." * 25, "=" * 17, "-" * 9, "ha" * 30,
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab c",
    "<s>a</s>", "<s> a </s> b", "[CLS] a [SEP] b[SEP]", " <mask> ", "a <mask> b", "a   <mask>   b", "<mask><mask>", "a<mask>b", "x <|endoftext|> y<|endoftext|>\nz", "<|im_start|>user\nhi<|im_end|>\n", "< s >", "<s", "s>", "<|endoftext|", "[cls] [Mask]",
    "<s><s> <s>", " </s>", "</s> ", "<unk> <UNK>", "<pad><pad>", "word<word>word <word> <word>, <word>s", "<lonely>\u00a0x", "a  <lonely>  b", "<Norm É> <norm é> <Norm E\u0301>x", "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n", "<extra_id_0> and <extra_id_1>.",
    "🤷🏽‍♀️🤷🏽‍♀️", "🇨🇭🇨🇭🇨", "👨‍👩‍👧 family", "a\u200db\u200cc\u200bd", "\ufeffBOM first", "mid\ufeffBOM", "tab\there\vvert\ffeed\rret\r\nend", "nul\u0000nul", "del\u007fdel", "\u0085nel", "line\u2028sep\u2029par", "\u2581already\u2581marked", " \u2581 x", "x\u2581", "\u2581", "Ġx Ċ",
    "𝒯𝓱𝓮 𝕢𝕦𝕚𝕔𝕜", "𠮷𠮷a𠮷", "豈更車", "你好,world。再见", "日本語テキスト、句読点。", "中 文 空 格", "Ελλάδα ΕΛΛΆΔΑ", "ЁЖИК ёжик е\u0308жик", "นี่คือน้ำ", "क्षि ज्ञ श्री", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "１２３", "Ⅷ ⅷ", "12345678901234567890", "1 22 333 4444 55555", "3.14.15,926", "a1b2c3", "x_1 __init__ _a_", "$100 €50 £20 ¥10 ₿1", "100%", "#1!",
    "user@example.com", "https://user:pass@host.example:8080/p/a/t/h?query=string#hash", "(((nested)))", "a--b---c—d–e", "“”‘’«»‹›„‚", "!?!?!?", "¡Hola! ¿Qué?", "\\\\server\\share", "C++ C# .NET", "100°C ±5µm", "A\u030a Å Å", "ﬀ ﬁ ﬂ",
]


def strings(count=500, seed=7):
    """Whole strings first, then every word list, then words of several lists joined at random."""
    draw = random.Random(seed)
    pools = {name: text.split(" ") for name, text in WORDS.items()}
    found = list(WHOLE) + list(WORDS.values())
    found += [f"a{space}b{space}" for space in SPACES] + [f"{control}x{control} y" for control in CONTROLS]
    found += [f"x{token} y {token}" for token in SPECIALS]
    seen = dict.fromkeys(found)
    while len(seen) < count:
        kinds = draw.choices(list(pools), k=draw.choice([1, 1, 2, 3]))
        parts = []
        for _ in range(draw.randint(1, 7)):
            parts.append(draw.choice(pools[draw.choice(kinds)]))
            roll = draw.random()
            parts.append(" " if roll < 0.6 else "" if roll < 0.75 else draw.choice(SPACES))
            if draw.random() < 0.08:
                parts.append(draw.choice(SPECIALS if draw.random() < 0.5 else CONTROLS))
        seen.setdefault("".join(parts))
    return list(seen)[:count]
