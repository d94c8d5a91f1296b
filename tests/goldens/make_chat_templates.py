#!/usr/bin/env python3
"""Records how transformers' Jinja renders values from JSON, for jinja_goldens_test.

    pip install transformers==4.57.6 jinja2==3.1.6
    python -B tests/goldens/make_chat_templates.py

chat_templates.json has values, as JSON whose numbers and order of keys matter, and for each template its text; null where it
raises. It also has rows of conversations as JSON, some with their own tools, and for each template the output of
`apply_chat_template` for each row, and for the messages before the row's last one.
"""

from reference import require, write_json

require(transformers="4.57.6", jinja2="3.1.6")

import json
from pathlib import Path

from transformers.utils.chat_template_utils import _compile_jinja_template, render_jinja_template

HERE = Path(__file__).parent

VALUES = r"""{
 "int": 21, "zero": 0, "negative": -7, "huge": 12345678901234567890, "minus_zero": -0,
 "float": 21.0, "tenth": 0.10, "tiny": 1e-07, "small": 0.0001, "smaller": 0.00001, "thousand": 1e3, "wide": 1e16, "below": 123456789012345.6,
 "vast": 1e22, "infinite": 1e999, "minus": -0.0, "third": 0.3333333333333333, "version": 3.10, "point": 1.5E+2,
 "yes": true, "no": false, "nothing": null, "empty": "", "text": "  Two words \n", "name": "naïve 漢字 😀", "upper": "ALL", "digits": "0421",
 "quotes": "it's", "both": "it's \"so\"", "escapes": "a\tb\\n\r\u0000\u007f\u00a0\u200b\u2028\ud83d\ude00\ufeff\ue000", "lines": "one\ntwo\n\n  three", "html": "<a href='x'>&amp;</a>",
 "crlf": "a\r\nb", "list": [1, 2.0, "c", null, true, [1.5], {}], "words": ["pear", "Apple", "fig", "apple"], "numbers": [3, 1.5, 2, 3.0], "none": [],
 "dict": {"10": "a", "b": {"x": 1.0, "items": [1]}, "2": [false, null]}, "nothing_in": {}, "items": {"items": 5, "get": 6},
 "people": [{"name": "Ann", "age": 31, "tags": ["x"]}, {"name": "bob", "age": 4.0, "tags": []}, {"name": "Cid", "age": null}],
 "messages": [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
}"""

NAMES = "int zero negative huge minus_zero float tenth tiny small smaller thousand wide below vast infinite minus third version point yes no nothing empty text name quotes both escapes crlf list words numbers none dict nothing_in people missing".split()

PRINTED = [form % name for name in NAMES for form in ("{{ %s }}", "{{ [%s] }}", "{{ %s | string }}", "{{ '<' ~ %s ~ '>' }}", "{{ %s | tojson }}")]

JSON_STYLES = [f"{{{{ {value} | tojson({style}) }}}}" for value in ("dict", "list", "name", "escapes", "none", "people") for style in
    ("indent=4", "indent=2", "indent=0", "ensure_ascii=True", "ensure_ascii=true, indent=1", "separators=(',', ':')", "separators=(', ', ' = '), indent=2", "sort_keys=true", "true", "indent='--'", "indent=none")]

FILTERS = [f"{{{{ {text} }}}}" for text in """
text | trim
text | trim('\\n w')
name | upper
upper | lower
upper | capitalize
name | capitalize
'tWO wORDS-here (and there)' | title
text | length
name | length
dict | length
missing | length
none | count
text | list
name | first
name | last
words | first
words | last
none | first
dict | first
missing | list
name | reverse
words | reverse | list
words | join
words | join(', ')
list | join(', ')
people | join(', ', attribute='name')
dict | join('+')
name | join('-')
missing | default('x')
missing | d('x')
empty | default('x')
empty | default('x', true)
nothing | default('x')
nothing | default('x', boolean=true)
missing | default
text | replace('w', 'W')
text | replace(' ', '_', 1)
text | replace('', '.')
int | replace('2', '3')
lines | indent
lines | indent(2, true)
lines | indent(2, blank=true)
lines | indent(width='> ', first=true)
lines | wordcount
html | escape
html | e
html | safe
html | safe + html
html + ('<b>' | safe)
html | e + '&'
('<' | safe) ~ html
('<' | safe) == '<'
('<a' | safe)[0]
['<' | safe]
1 if '' | safe else 2
('<' | safe) + 1
nothing | select | list
zero | map('upper') | list
no | selectattr('x') | list
nothing | list
dict | items | list
missing | items | list
dict.items() | list
dict.keys() | list
dict.values() | list
dict | dictsort
dict | list
people | map(attribute='name') | list
people | map(attribute='tags.0') | list
people | map(attribute='town', default='?') | list
words | map('upper') | list
words | map('replace', 'p', 'b') | join(' ')
numbers | map('string') | join(' ')
numbers | select('gt', 2) | list
words | select('in', ['fig', 'pear']) | list
list | select | list
list | reject('none') | list
list | select('number') | list
people | selectattr('age') | list | length
people | selectattr('age', 'defined') | list | length
people | selectattr('name', 'equalto', 'bob') | map(attribute='age') | first
people | selectattr('name', 'in', ['Ann', 'bob']) | list | length
people | rejectattr('tags') | map(attribute='name') | list
messages | selectattr('role', 'ne', 'system') | list | length
words | sort
words | sort(case_sensitive=true)
words | sort(reverse=true)
numbers | sort
people | sort(attribute='name') | map(attribute='name') | list
words | unique | list
words | unique(case_sensitive=true) | list
words | min
words | max
numbers | min
numbers | max
numbers | sum
people[:2] | sum(attribute='age')
words | batch(3) | list
words | batch(3, 'x') | list
digits | int
'x' | int
'x' | int(7)
'3.7' | int
float | int
tenth | float
'1e3' | float
'x' | float
yes | int
negative | abs
minus | abs
tenth | round
2.5 | round
3.5 | round
third | round(2)
2.41 | round(1, 'ceil')
2.49 | round(1, 'floor')
int | round
'%s is %d' | format(name, int)
'%s' | format(list)
words | tojson | length
int | upper
nothing | upper
nothing | trim
missing | upper
missing | string
list | string | length
int | length
words | nosuch
""".strip().splitlines()]

TESTS = [f"{{{{ {value} is {test} }}}}" for test in
    "defined undefined none boolean true false string integer float number mapping sequence iterable callable".split()
    for value in "int float yes no nothing empty list dict missing range".split()] + [f"{{{{ {text} }}}}" for text in """
int is odd
zero is even
int is divisibleby(3)
int is not divisibleby(3)
int is divisibleby(5) or true
name is not none and name is string
'ann' is lower
'ANN' is upper
upper is eq('ALL')
upper is equalto('all')
float is eq(21)
float is ge(22)
nothing is sameas(none)
'fig' is in(words)
'fig' is in words
'kiwi' is not in words
'fig' is not in(words)
int is nosuch
""".strip().splitlines()]

OPERATORS = [f"{{{{ {text} }}}}" for text in """
1 + 2
1 + 2.0
7 / 2
8 / 2
7 // 2
-7 // 2
-7 % 3
7 % -3
7.5 % 2
-7.5 // 2
2 ** 10
2 ** -1
2 ** 70
huge + 1
huge * huge
huge / 10
int + float
yes + 1
-float
-int
+int
1 / 0
'a' + 'b'
'a' + 1
'a' * 3
3 * 'ab'
[1] + [2.0]
[0] * 3
(1, 2) + (3,)
'a' ~ 1 ~ none ~ 2.0 ~ true ~ missing ~ [1]
'%s/%s' % ('a', 1.0)
'%05.2f|%-4d|%+d|%x|%%' % (3.14159, 7, 7, 255)
'%(a)s' % {'a': 5}
1 == 1.0
1 == true
'1' == 1
[1, 2] == [1.0, 2]
(1, 2) == [1, 2]
{'a': [1]} == {'a': [1.0]}
none == missing
missing == other
huge == 12345678901234567000
'a' < 'b'
'B' < 'a'
'😀' > '\ufb00'
[1, 2] < [1, 3]
1 < 2 < 3
3 > 2 > 2
1 < 'a'
none < 1
2 in numbers
'3' in digits
'x' in dict
'10' in dict
'b' in dict
1 in '1'
'a' in missing
none in list
{} in list
'fig' not in words
not missing
not none and yes
empty or 'x'
list and 0
missing or none
1 if yes
1 if no
1 if no else 2
'a' if none else 'b' if yes else 'c'
list[0]
list[-1]
list[99]
list['0']
name[0]
name[-1]
name[1:4]
name[::-1]
list[1:3]
list[::2]
list[-2:]
list[:-5:-1]
(1, 2, 3)[1:]
list[1.0]
dict['10']
dict.b.x
dict['b']['items']
dict.b['items'][0]
items['items']
items.get('items')
items.get('nope')
items.get('nope', 'd')
dict.nope
dict['nope']
dict.nope.nope
missing.nope
missing[0]
nothing.nope
int.nope
people[0].name
people.0.name
{'a': 1, 'b': [2.0, none]}
{'a': 1}.a
(1, 'x')
('x',)
[]
"it's"
'\\u00e9\\x41\\t|'
'a' 'b'
range(3) | list
range(5, 1, -2) | list
range(2, 4) | list
dict(a=1, b='x')
namespace(a=1).a
missing()
text.nosuch()
""".strip().splitlines()]

METHODS = [f"{{{{ {text} }}}}" for text in """
text.strip()
text.lstrip()
text.rstrip('\\n ')
text.strip(' T')
'\\u00a0x\\ufeff\\x1f'.strip()
name.upper()
upper.lower()
upper.title()
upper.capitalize()
"it's one-two".title()
text.split()
text.split(' ')
text.split(' ', 1)
' a b  c '.split(none, 1)
' a b  c '.rsplit(none, 1)
'a,b,,c'.split(',')
'a,b,c'.rsplit(',', 1)
'a,b,c'.split(',', 1)[-1]
'a</think>b</think>c'.split('</think>')[-1]
''.split()
''.split(',')
lines.splitlines()
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('x')
name.find('漢')
name.find('zz')
name.index('😀')
'😀a'.find('a')
'banana'.count('an')
'banana'.rfind('an')
name.startswith('na')
name.startswith(('x', 'na'))
name.endswith('😀')
'prefix'.removeprefix('pre')
'prefix'.removesuffix('fix')
'aaa'.replace('a', 'b')
'aaa'.replace('a', 'b', 2)
'-'.join(words)
'-'.join([1])
'{} and {}'.format('a', 1.0)
'{1} {0} {x}'.format('a', 'b', x=none)
'{{}}'.format()
'7'.zfill(3)
'-7'.zfill(3)
'ab'.ljust(4) ~ '|'
'ab'.rjust(4, '.')
'12'.isdigit()
''.isdigit()
'a1'.isalnum()
'ab'.isalpha()
'  '.isspace()
'Ab'.isupper()
'ab'.islower()
words.index('fig')
words.count('fig')
words.append('x')
dict.update({'x': 1})
dict.copy() == dict
""".strip().splitlines()]

BLOCKS = [
    "{% for m in messages %}<{{ m.role }}>{% if m.role == 'system' %}{% continue %}{% endif %}{{ m.content }}\n{% endfor %}",
    "{% for m in messages %}{{ m.role }},{% if m.role == 'user' %}stop{% break %}{% endif %}{{ m.content }};{% endfor %}.",
    "{% for i in range(3) %}{% for j in range(3) %}{{ i }}{{ j }}{% if j == i %} break{% break %}{% endif %} {% endfor %}|{% endfor %}",
    "{% for i in range(4) %}{% if i % 2 %}{% if true %}odd {% continue %}{% endif %}{% endif %}{{ i }} {% else %}none{% endfor %}",
    "{% for i in range(2) %}{{ i }}{% continue %}{% else %}else{% endfor %}",
    "{% for i in range(2) %}{{ i }}{% break %}{% else %}else{% endfor %}",
    "{% for i in [] %}{{ i }}{% else %}else{% endfor %}",
    "{% macro f(list) %}{% for i in list %}[{{ i }}{% if i == 2 %}{% break %}{% endif %}]{% endfor %}{% endmacro %}{{ f([1, 2, 3]) }}{{ f([3]) }}",
    "{% set x %}{% for i in range(3) %}{{ i }}{% if i == 1 %}{% continue %}{% endif %},{% endfor %}{% endset %}<{{ x }}>",
    "{% for c in name %}{{ c }}|{% endfor %}",
    "{% for k in dict %}{{ k }}={{ dict[k] }};{% endfor %}",
    "{% for k, v in dict.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in dict | items %}{{ loop.index }}:{{ k }};{% endfor %}",
    "{% for a, b in [(1, 2), [3, 4.0]] %}{{ a }}-{{ b }} {% endfor %}",
    "{% for a, b in ['xy'] %}{{ a }}{{ b }}{% endfor %}",
    "{% for x in missing %}{{ x }}{% else %}nothing{% endfor %}",
    "{% for x in nothing %}{{ x }}{% endfor %}",
    "{% for x in int %}{{ x }}{% endfor %}",
    "{% for p in people if p.age %}{{ loop.index }}/{{ loop.length }} {{ p.name }}{{ ', ' if not loop.last }}{% endfor %}",
    "{% for x in words %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.previtem }}{{ loop.nextitem }} {{ loop.cycle('a', 'b') }}\n{% endfor %}",
    "{% for x in [1, 1, 2] %}{{ loop.changed(x) }} {% endfor %}",
    "{% set x = 0 %}{% for i in range(3) %}{{ x }}{% set x = i %}{{ x }} {% endfor %}{{ x }}",
    "{% for i in range(3) %}{% if loop.first %}{% set x = 'first' %}{% endif %}{{ x }}.{% endfor %}",
    "{% set ns = namespace(n=0, last=none) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% set ns.last = loop.last %}{% endfor %}{{ ns.n }} {{ ns.last }}",
    "{% set ns = namespace() %}{% set ns.x = [] %}{% for w in words %}{% set ns.x = ns.x + [w | upper] %}{% endfor %}{{ ns.x }}",
    "{% if true %}{% set x = 1 %}{% endif %}{{ x }}",
    "{% set a, b = 1, 2.0 %}{{ a }} {{ b }}",
    "{% set dict.x = 1 %}",
    "{% macro f(a, b='x', c=none) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }} {{ f(1, 2.0) }} {{ f(1, c=[3]) }} {{ f() }}",
    "{% macro f(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}",
    "{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, x=3) }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}",
    "{% macro f(a) %}{{ y }}{{ a }}{% endmacro %}{% set y = 1 %}{{ f(2) }}{% for y in [5] %}{{ f(3) }}{% endfor %}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) | length }}{{ f(2) }}",
    "{% macro f(x) %}<{{ caller(x, 2) }}>{% endmacro %}{% call(a, b) f('A') %}{{ a }}{{ b }}{% endcall %}",
    "{% macro f() %}({{ caller() }}){% endmacro %}{% call f() %}in {{ int }}{% endcall %}",
    "{% filter upper %}a {{ name }}{% endfilter %}",
    "{% filter replace('a', 'b') %}banana{% endfilter %}",
    "{% set x %}a{% set inner = 1 %}{% endset %}{{ x }}{{ inner }}",
    "{% if int %}a{% elif yes %}b{% else %}c{% endif %}{% if zero %}a{% elif yes %}b{% else %}c{% endif %}{% if none %}a{% else %}c{% endif %}",
    "  {% if true %}\n  a\n  {% endif %}\nb\n\n",
    "  {%- if true -%}\n  a\n  {%- endif -%}\nb\n",
    "a\n  {# note #}\nb {# {{ x }} #} c\n  {#- stripped -#}  d",
    "{{ 'a' }}\n{{ 'b' -}}\n  c\n  {{- 'd' }}\n",
    "a\r\n{% if true %}\r\nb\r\n{% endif %}\r\n{{ 'x\r\ny' }}{{ crlf }}\r\n",
    "a\r{% if true %}\rb{% endif %}\r",
    "{{ 'a\\r\\nb' }}",
    "{{ raise_exception('no ' ~ name) }}",
    "{% if messages[0].role == 'system' %}{% set system = messages[0].content %}{% set rest = messages[1:] %}{% else %}{% set rest = messages %}{% endif %}{{ system }}|{{ rest | length }}|{{ rest[-1]['role'] }}",
    "{% set j = joiner('; ') %}{% for w in words %}{{ j() }}{{ w }}{% endfor %}",
    "{{ strftime_now('100%%') }}",
]

# Syntax that the JavaScript parser does not support by itself.
RAW = [
    "{% raw %}{{ int }} {% if %} {# no #}{% endraw %}{{ int }}",
    "a\n  {% raw %}\n  {{ x }}\n  {% endraw %}\nb",
    "a \n {%- raw -%} \n b {{ c }} \n {%- endraw -%} \n d",
    "a \n {%+ raw %} \n b {{ c }} \n {%+ endraw %} \n d",
    "a \n {% raw -%} \n b \n {%- endraw %}\n d",
    "a {% raw %} b {% endraw +%}\n d",
    "{% raw %}{% endraw %}|{%raw%}x{%endraw%}|{%-raw-%} y {%-endraw-%} z",
    "  {% raw %}  {% endraw %}\n  {% raw %} b{% endraw %}",
    "{% raw -%}\n  {% endraw %}x{% raw -%}\n  y{% endraw %}",
    "{% if true %}\n  {% raw %}'\"\\ \t naïve 漢字 😀 {{'a'}}\n{% endraw %}\n{% endif %}\n",
    "{# {% raw %} #}{{ '{% raw %}' }}{{ \"{% endraw %} it's\" }}{% set x = '%}{% raw %}' %}{{ x }}",
    "{% raw %}{% raw %}{% endraw %}{{ int }}",
    "{% raw %}{{- a -}}{% endraw %}   {{- int -}}   {% raw %} b {% endraw %}",
    "{% for w in words %}{% raw %}{{ w }}{% endraw %}={{ w }} {% endfor %}",
    "{% macro f() %}{% raw %}<{{ caller }}>{% endraw %}{% endmacro %}{{ f() | length }}",
    "{% raw %}no end",
    "{% endraw %}",
    "a{% raw %}\n{% endraw %}\nb",
    "a{% raw %}\r\n{% endraw %}\r\nb",
]
WITH = [
    "{% with a = 1 %}{{ a }}{% endwith %}|{{ a }}",
    "{% with a = 1, b = 2.0 %}{{ a }}{{ b }}{% endwith %}",
    "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% with %}{% set x = 1 %}{{ x }}{% endwith %}{{ x }}",
    "{% with a, b = [1, 2] %}{{ a }}-{{ b }}{% endwith %}",
    "{% with (a, b) = 'xy', c = (1, 2) %}{{ a }}-{{ b }}{{ c }}{% endwith %}",
    "{% with a = [1, 2], b = {'x': [3, 4]} %}{{ a }}{{ b }}{% endwith %}",
    "{% with x = dict.b %}{{ x.x }}{% with y = x['items'] %}{{ y }}{{ x.x }}{% endwith %}{{ y }}{% endwith %}",
    "{% for i in range(4) %}{% with j = i * 2 %}{% if j == 2 %}{% continue %}{% endif %}{% if j == 6 %}{% break %}{% endif %}{{ loop.index }}:{{ j }} {% endwith %}{% endfor %}",
    "a\n  {% with x = 1 %}\n  {{ x }}\n  {%- endwith %}\nb",
    "{% with ns = namespace(n=0) %}{% for w in words %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}{% endwith %}",
    "{% with a = 1 if int else 2 %}{{ a }}{% endwith %}",
    "{% macro f(x) %}{% with y = x %}{{ y }}{{ caller() if caller }}{% endwith %}{% endmacro %}{{ f(3) }}{% call f(4) %}!{% endcall %}",
    "{% with a = 1 %}{{ a }}",
    "{% with a = 1 %}{% endfor %}",
    "{% for i in words %}{% endwith %}",
    "{% with a %}{% endwith %}",
    "{% if int %}{% with a = 1 %}{{ a }}{% endwith %}{% else %}no{% endif %}",
    "{% with = 3 %}{% endwith %}",
]
TUPLES = [f"{{{{ {text} }}}}" for text in """
('x',)
(1,)
(1, 2,)
()
(1, 2) + (3,)
((1,), (2,))
(('a',),)
((1,))
[(1,), ()]
{'a': (1,)}
(1,)[0]
(words,)[0][1]
(1,) | length
(1,) == (1,)
1 in (1,)
int in (1, 21,)
not (0,)
(none,)[0] is none
'x' if (0,) else 'y'
'x' if () else 'y'
text.startswith(('x',))
text.startswith(('  ',))
range(2,) | list
dict(a=(1,))
1, 2
1,
words | first, int
(int,) ~ 'x'
'%s and %s' % (1, 2,)
'%s' % ('a',)
""".strip().splitlines()] + [
    "{% set t = (1,) %}{{ t }}",
    "{% set t = 1, %}{{ t }}",
    "{% set t = 1, 2, %}{{ t }}",
    "{% set t = 1, (2,), [3] %}{{ t }}",
    "{% set (a, b) = (1, 2,) %}{{ a }}{{ b }}",
    "{% for x in (1,) %}{{ x }}{% endfor %}",
    "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}",
    "{% for x in 1, 2, 3 if x != 2 %}{{ x }}{% endfor %}",
    "{% for x in () %}{{ x }}{% else %}none{% endfor %}",
    "{% for (x,) in [(1,), [2], 'a'] %}{{ x }};{% endfor %}",
    "{% for (x,) in [(1, 2)] %}{{ x }}{% endfor %}",
    "{% for x, in [(1,)] %}{{ x }}{% endfor %}",
    "{% for (x, y,) in [(1, 2)] %}{{ x }}{{ y }}{% endfor %}",
    "{% for x, (y,) in [(1, (2,))] if x %}{{ x }}{{ y }}{% endfor %}",
    "{% for ((x,), y) in [((1,), 2)] %}{{ x }}{{ y }}{% endfor %}",
    "{% for (x,) in [([(2,)],)] recursive %}{{ x }}{{ loop(x) if x is not number }}{% endfor %}",
    "{% set (x,) = (1,) %}{{ x }}",
    "{% if x in ('a',) %}a{% elif int in (21,) %}b{% endif %}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f((1,)) }}{{ f(2,) }}{{ f() }}",
    "{% macro f(a) %}{{ caller((a,)) }}{% endmacro %}{% call(x) f(1,) %}{{ x }}{% endcall %}",
]
RECURSIVE = [
    "{% set tree = [{'n': 'a', 'in': [{'n': 'b', 'in': []}, {'n': 'c', 'in': [{'n': 'd'}]}]}, {'n': 'e'}] %}" + body for body in [
        "{% for x in tree recursive %}<{{ x.n }}{% if x['in'] %}{{ loop(x['in']) }}{% endif %}>{% endfor %}",
        "{% for x in tree recursive %}{{ loop.depth }}{{ loop.depth0 }}{{ loop.index }}/{{ loop.length }}{{ x.n }}{{ loop(x['in'] or []) }} {% else %}-{% endfor %}",
        "{% for x in tree if x.n != 'b' recursive %}{{ x.n }}{{ loop(x['in'] or []) | upper }}{% endfor %}",
        "{% for x in tree recursive %}{{ x.n }}{% for y in [1] %}{{ loop.depth }}{% endfor %}{% set l = loop %}{{ l(x['in'] or []) | length }}{% endfor %}",
        "{% for x in tree recursive %}{% if x.n == 'c' %}{% continue %}{% endif %}{{ x.n }}{{ loop(x['in'] or []) }}{% endfor %}",
        "{% for x in tree recursive %}{% with inner = loop(x['in'] or []) %}[{{ x.n }}{{ inner }}]{% endwith %}{% endfor %}",
        "{% for x in tree %}{{ loop(x['in'] or []) }}{% endfor %}",
        "{% for x in tree recursive %}{{ loop() }}{% endfor %}",
        "{%- for x in tree recursive %}\n  {{ x.n }}\n  {{- loop(x['in'] or []) }}\n{%- endfor %}\n",
        "{% for x in tree recursive %}{{ x.n }}{{ outer }}{% set outer = x.n %}{{ loop(x['in'] or []) }}{% endfor %}",
    ]
]
VIEWS = [f"{{{{ {text} }}}}" for text in """
dict.items()
dict.keys()
dict.values()
nothing_in.items()
[dict.keys()]
dict.items() | list
dict.keys() | first
dict.values() | length
dict.keys() | join(',')
'b' in dict.keys()
dict.keys() == ['10', 'b', '2']
dict.keys() == dict.keys()
dict.items()[0] is undefined
dict.keys() | tojson
1 if nothing_in.keys() else 2
range(3)
range(1, 7, 2)
range(3, 0, -1)
[range(2)]
range(5)[1]
range(5)[-1]
range(3) | list
range(3) | length
2 in range(3)
range(3) == [0, 1, 2]
range(3) | tojson
range(0) | list
range(3) | reverse | list
range(3) | sum
""".strip().split("\n")]
LAZY = [
    "{% set s = namespace(done=false) %}{% for x in words if not s.done %}{% if x == 'Apple' %}{% set s.done = true %}{% endif %}{{ x }} {% endfor %}",
    "{% set s = namespace(done=false) %}{% for x in words if not s.done %}{% if x == 'Apple' %}{% set s.done = true %}{% endif %}{{ x }}{{ loop.last }} {% endfor %}",
    "{% set s = namespace(done=false) %}{% for x in words if not s.done %}{% set s.done = true %}{{ loop.length }}{{ x }} {% endfor %}",
    "{% set s = namespace(done=false) %}{% for x in words if not s.done %}{{ loop.nextitem }}{% set s.done = true %}{{ x }} {% endfor %}",
    "{% set s = namespace(n=0) %}{% for x in words if s.n < 2 %}{% set s.n = s.n + 1 %}{{ loop.index }}{{ x }} {% else %}none{% endfor %}",
    "{% set s = namespace(n=0) %}{% for x in words if s.n < 2 %}{{ loop.revindex }}{{ loop.revindex0 }}{% set s.n = s.n + 1 %}{{ loop.previtem }}{{ x }} {% endfor %}",
    "{% for x in words if x is not string %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in words if loop.index < 3 %}{{ x }}{% endfor %}",
]
REFUSED = [
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
]


TOOLS = r"""[{"type": "function", "function": {"name": "heat", "description": "Heats a \"room\" – é", "parameters": {"type": "object", "properties": {"degrees": {"type": "number", "default": 20.0, "minimum": 1e-07}, "list": {"type": "array", "items": {"type": "integer"}}, "10": {"type": ["string", "null"]}, "2": {"enum": [1, 2.0, true]}}, "required": ["degrees"]}}}, {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}]"""
CALL = r"""{"id": "c1", "type": "function", "function": {"name": "heat", "arguments": {"room": "den\né", "degrees": 21.0, "sensor": 12345678901234567890, "steps": {"10": "a", "b": [1, null, true], "2": 1e-07}}}}"""

ROWS = [
    r"""{"messages": [{"role": "user", "content": " Hi\r\n"}, {"role": "assistant", "content": "Ho"}]}""",
    r"""{"messages": [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "1+1"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "2+2"}, {"role": "assistant", "content": "4"}]}""",
    r"""{"messages": [{"role": "user", "content": "warm"}, {"role": "assistant", "content": null, "tool_calls": [%s]}], "tools": %s}""" % (CALL, TOOLS),
    r"""{"messages": [{"role": "user", "content": "warm"}, {"role": "assistant", "content": "", "tool_calls": [%s, %s]}, {"role": "tool", "name": "heat", "content": "1.0"}, {"role": "tool", "name": "heat", "content": "2"}, {"role": "assistant", "content": "Done."}], "tools": %s}""" % (CALL, CALL, TOOLS),
    r"""{"messages": [{"role": "user", "content": "warm"}, {"role": "assistant", "content": "Done.", "score": 1.0}], "tools": %s}""" % json.dumps(TOOLS),
    r"""{"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image", "size": [1.0, 2]}]}, {"role": "assistant", "content": "b"}]}""",
]

# Tools listed as JSON, one per line; calls between tags; results in a user's turn.
TAGS = """{%- if tools %}
{{- '<|start|>system\\n' }}{% if messages[0].role == 'system' %}{{ messages[0].content + '\\n\\n' }}{% endif %}# Tools
{%- for tool in tools %}{{ '\\n' ~ (tool | tojson) }}{% endfor %}<|end|>
{% elif messages[0].role == 'system' %}{{ '<|start|>system\\n' ~ messages[0].content ~ '<|end|>\\n' }}{% endif %}
{%- for message in messages %}
{%- if message.role == 'system' %}{% continue %}{% endif %}
{%- if message.role == 'tool' %}
{%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{ '<|start|>user' }}{% endif %}
{{- '\\n<result>' ~ message.content ~ '</result>' }}
{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{ '<|end|>\\n' }}{% endif %}
{%- else %}
{{- '<|start|>' ~ message.role }}{% if message.content %}{{ '\\n' ~ message.content }}{% endif %}
{%- for call in message.tool_calls %}{% set call = call.function if call.function is defined else call %}
{{- '\\n<call>{"name": "' ~ call.name ~ '", "arguments": ' ~ (call.arguments | tojson) ~ '}</call>' }}
{%- endfor %}{{ '<|end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}"""

# Tools indented within the first question; blocks on separate lines.
INDENTED = """{{- bos_token }}
{%- set ns = namespace(is_first=true) %}
{%- for message in messages %}
    {%- if message.role == 'user' and ns.is_first %}
        {%- set ns.is_first = false %}
        {{- '[user]\\n' }}
        {%- if tools is not none %}
            {{- 'Answer as {"name": ..., "parameters": ...}.\\n\\n' }}
            {%- for t in tools %}
                {{- t | tojson(indent=4) }}
                {{- '\\n\\n' }}
            {%- endfor %}
        {%- endif %}
        {{- message.content }}
    {%- elif 'tool_calls' in message %}
        {{- '[' + message.role + ']\\n' }}
        {%- for call in message.tool_calls %}
            {{- '{"name": "' + call.function.name + '", "parameters": ' }}
            {{- call.function.arguments | tojson(separators=(',', ':'), ensure_ascii=true) }}
            {{- '}' }}{{ '; ' if not loop.last }}
        {%- endfor %}
    {%- else %}
        {{- '[' + message['role'] + ']\\n' + message['content'] | string | trim }}
    {%- endif %}
    {{- '[end]' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '[assistant]\\n' }}
{%- endif %}"""

# Signatures that macros write from the schemas' types.
SIGNATURES = """{%- macro type_of(schema) -%}
    {%- if schema.type == 'array' -%}list[{{ type_of(schema['items']) }}]
    {%- elif schema.type is string -%}{{ {'integer': 'int', 'number': 'float', 'string': 'str'}[schema.type] or 'any' }}
    {%- elif schema.type is sequence -%}{% for t in schema.type %}{{ type_of({'type': t}) }}{{ ' | ' if not loop.last }}{% endfor %}
    {%- elif schema.enum is defined -%}one of {{ schema.enum }}
    {%- else -%}any{%- endif -%}
{%- endmacro -%}
{%- for tool in tools or [] -%}
def {{ tool.function.name }}({% for name, schema in tool.function.parameters.properties.items() %}{{ name }}: {{ type_of(schema) }}
{%- if schema.default is defined %} = {{ schema.default }}{% endif %}{{ ', ' if not loop.last }}{% endfor %}):
    \\"\\"\\"{{ tool.function.description | default('none', true) | upper }}\\"\\"\\"
{% endfor -%}
{%- for message in messages %}
<{{ message.role | capitalize }}>
{%- if message.content is string %}{{ message.content }}{% elif message.content %}{% for part in message.content %}{{ part.text if part.type == 'text' else part }}{% endfor %}{% endif %}
{%- for call in message.tool_calls or [] %}{{ call.function.name }}({% for k, v in call.function.arguments.items() %}{{ k }}={{ v }}{% if not loop.last %}, {% endif %}{% endfor %}){% endfor %}
{%- if message.score %} ({{ message.score }}){% endif %}
{%- endfor %}
{%- if add_generation_prompt %}
<Assistant>{% endif %}"""

# All fields of the messages, with Windows line endings.
DUMPED = "{% for m in messages %}\r\n{{ m }}\r\n{{ m | tojson(indent=2) }}\r\n{% endfor %}\r\n{{ tools }}"


def conversation(template, row):
    row = json.loads(row)
    tools = json.loads(row["tools"]) if isinstance(row.get("tools"), str) else row.get("tools")
    def of(messages, **more):
        return render_jinja_template([messages], tools=tools, chat_template=template, bos_token="<s>", **more)[0][0]
    try:
        return [of(row["messages"]), of(row["messages"][:-1], add_generation_prompt=True)]
    except Exception:
        return None


def rendered(template, values):
    try:
        return _compile_jinja_template(template).render(**values)
    except Exception:
        return None


def main():
    groups = {"printed": PRINTED, "JSON": JSON_STYLES, "filters": FILTERS, "tests": TESTS, "operators": OPERATORS, "methods": METHODS, "blocks": BLOCKS, "raw": RAW, "with": WITH, "tuples": TUPLES, "recursive": RECURSIVE, "views": VIEWS, "lazy conditions": LAZY, "other templates": REFUSED}
    values = json.loads(VALUES)
    write_json(HERE / "chat_templates.json", {
        "values": VALUES,
        "rows": ROWS,
        "conversations": [[template, [conversation(template, row) for row in ROWS]] for template in (TAGS, INDENTED, SIGNATURES, DUMPED)],
        "groups": {name: [[template, rendered(template, values)] for template in templates] for name, templates in groups.items()},
    })


if __name__ == "__main__":
    main()
