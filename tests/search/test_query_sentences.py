"""What people type, and the tree it must be read as. The table was drawn up before the grammar.

A line is `sentence => tree`. In a tree, `[words]` is a text, `like[path]` a picture, `-` excludes, `^2` is a weight,
`|` is or, parts side by side are and, `{width>2000}` is a filter.
"""

from datetime import date

import pytest

from semclip.core.errors import UserError
from semclip.core.query import And, Filter, Node, Not, Or, Picture, Query
from semclip.search.query import parse
from tests.search.held_out_queries import AS_SEARCH_USERS_TYPE, AS_SEARCH_USERS_TYPE_2, AS_SEARCH_USERS_TYPE_3

OPERATORS = '''
beach => [beach]
beach -people => [beach] -[people]
-people => -[people]
beach -people -dogs => [beach] -[people] -[dogs]
golden beach -people => [golden beach] -[people]
beach -"two people" => [beach] -[two people]
-"two people" beach => -[two people] [beach]
beach -people sunset => [beach] -[people] [sunset]
"red car" => [red car]
"red car" "blue house" => [red car] [blue house]
“red car” -“blue house” => [red car] -[blue house]
„rotes Auto“ => [rotes Auto]
beach AND sunset => [beach] [sunset]
beach OR mountain => [beach] | [mountain]
sandy beach OR snowy mountain => [sandy beach] | [snowy mountain]
beach NOT people => [beach] -[people]
beach AND NOT people => [beach] -[people]
NOT people => -[people]
beach NOT red umbrella => [beach] -[red umbrella]
beach -people OR mountain => ([beach] -[people]) | [mountain]
(beach OR mountain) -people => ([beach] | [mountain]) -[people]
beach (sunset OR sunrise) => [beach] ([sunset] | [sunrise])
beach -(people OR dogs) => [beach] -([people] | [dogs])
beach NOT (people AND dogs) => [beach] -([people] [dogs])
((beach)) => [beach]
NOT NOT beach => [beach]
cats OR dogs OR birds => [cats] | [dogs] | [birds]
a AND b OR c AND d => ([a] [b]) | ([c] [d])
beach^2 -people^0.5 => [beach]^2 -[people]^0.5
"red car"^3 -truck => [red car]^3 -[truck]
beach^2 sunset => [beach]^2 [sunset]
(beach OR sea)^2 => [beach]^2 | [sea]^2
a 5" pipe -hands => [a 5" pipe] -[hands]
"say ""cheese""" -teeth => [say "cheese"] -[teeth]
beach (no people) => [beach] -[people]
beach −people => [beach] -[people]
beach －people => [beach] -[people]
beach ﹣people => [beach] -[people]
beach ‑people => [beach] -[people]
beach —people => [beach] -[people]
beach \u200b-people => [beach] -[people]
\u200e-cats\u200f dogs\ufeff => -[cats] [dogs]
beach -\u200b"two  people" => [beach] -[two  people]
‘red car’ -‘blue house’ => [red car] -[blue house]
-cat and bird => -[cat] [bird]
-cat and a bird => -[cat] [a bird]
(cats OR dogs), grass => ([cats] | [dogs]) [grass]
beach NOT red dogs and (sea OR sun) => [beach] -[red dogs] ([sea] | [sun])
-cat or bird => error
beach without people or (dogs) => error
beach, no people or (dogs OR cats) => error
beach without people or like:x.jpg => error
beach without people or -dogs => error
beach without people, without (dogs) => [beach] -[people] -[dogs]
beach without people, (sunset OR sunrise) => [beach] -[people] ([sunset] | [sunrise])
(cats) or (dogs) => error
neither (people) nor (dogs) => -[people] -[dogs]
neither (cats OR dogs) nor birds on grass => -([cats] | [dogs]) -[birds on grass]
neither like:x.jpg nor people => -like[x.jpg] -[people]
'''

ENGLISH = """
a beach without people => [a beach] -[people]
A Beach Without People. => [A Beach] -[People]
a street with no cars => [a street] -[cars]
a street with no cars on it => [a street] -[cars]
dogs but not on grass => [dogs] -[grass]
everything except food => -[food]
everything but food => -[food]
anything other than food => -[food]
all photos except selfies => -[selfies]
photos without people => -[people]
neither cars nor people => -[cars] -[people]
a street with neither cars nor people => [a street] -[cars] -[people]
no people => -[people]
not a dog => -[a dog]
nobody => -[people]
a beach with nobody => [a beach] -[people]
a beach with nobody in it => [a beach] -[people]
no one on the beach => [the beach] -[people]
an office with no-one around => [an office] -[people]
people who are not wearing hats => [people] -[wearing hats]
people who aren't wearing hats => [people] -[wearing hats]
people who aren’t wearing hats => [people] -[wearing hats]
a man who isn't smiling => [a man] -[smiling]
a man that is not smiling => [a man] -[smiling]
a dog that isnt on a leash => [a dog] -[a leash]
the cat is not black => [the cat] -[black]
people not smiling => [people] -[smiling]
a cat, not a dog => [a cat] -[a dog]
dogs not cats => [dogs] -[cats]
a beach free of people => [a beach] -[people]
a room lacking windows => [a room] -[windows]
a fruit other than bananas => [a fruit] -[bananas]
tea rather than coffee => [tea] -[coffee]
tea instead of coffee => [tea] -[coffee]
flowers without any leaves => [flowers] -[leaves]
mountains but no snow => [mountains] -[snow]
mountains and no snow => [mountains] -[snow]
mountains, no snow => [mountains] -[snow]
mountains. No snow. => [mountains] -[snow]
a street without cars or people => [a street] -[cars] -[people]
a street without cars and people => [a street] -[cars] -[people]
a street without cars, bikes or people => [a street] -[cars] -[bikes] -[people]
a street without cars, bikes, and people => [a street] -[cars] -[bikes] -[people]
a street without cars, bikes, people => [a street] -[cars] -[bikes] -[people]
no cars, bikes or people => -[cars] -[bikes] -[people]
beach, no people, sunset => [beach] -[people] [sunset]
beach, no people, no dogs => [beach] -[people] -[dogs]
a beach without people and without dogs => [a beach] -[people] -[dogs]
a street without cars but with people => [a street with people] -[cars]
a beach without people at sunset => [a beach at sunset] -[people]
a woman with no hat in a garden => [a woman in a garden] -[hat]
no people on the beach => [the beach] -[people]
there are no people on the beach => [the beach] -[people]
a beach where there are no people => [a beach] -[people]
a room that has no windows => [a room] -[windows]
a room that doesn't have any windows => [a room] -[windows]
a room which does not have windows => [a room] -[windows]
everyone except my brother => [everyone] -[my brother]
animals except for cats and dogs => [animals] -[cats] -[dogs]
animals excluding cats => [animals] -[cats]
animals apart from cats => [animals] -[cats]
beach minus people => [beach] -[people]
beach, minus people => [beach] -[people]
not cats but dogs => -[cats] [dogs]
no cats but dogs => -[cats] [dogs]
no cats, only dogs => -[cats] [dogs]
a man with no hat and a beard => [a man] -[hat] [a beard]
show me a beach without people => [a beach] -[people]
photos of a beach without people => [a beach] -[people]
Show me photos of dogs, please, but no cats => [dogs, please] -[cats]
a street with no people wearing red => [a street] -[people wearing red]
a beach without "two people" => [a beach] -[two people]
a bike without a rider? => [a bike] -[a rider]
portraits not in black and white => [portraits] -[black and white]
A STREET WITH NO CARS => [A STREET] -[CARS]
beach w/o people => [beach] -[people]
food but not pizza or pasta => [food] -[pizza] -[pasta]
a kitchen with nobody cooking => [a kitchen] -[people cooking]
a dog without a collar in the snow => [a dog in the snow] -[a collar]
no trees, no people => -[trees] -[people]
without people => -[people]
a bed with not a single pillow => [a bed] -[pillow]
a man without a hat and with a beard => [a man with a beard] -[a hat]
a table without chairs, and with flowers => [a table with flowers] -[chairs]
a house without windows or doors & with a garden => [a house with a garden] -[windows] -[doors]
everything except cats and with dogs => [dogs] -[cats]
no people, please => -[people]
a beach without dogs, thanks! => [a beach] -[dogs]
a sunset, please => [a sunset]
there aren't people on the beach => [the beach] -[people]
there is not a cloud in the sky => [the sky] -[a cloud]
a yard where there isn't a fence => [a yard] -[a fence]
without either people or dogs => -[people] -[dogs]
a hut with no trees around it => [a hut] -[trees]
a vase with nothing in it except a rose => [a vase with nothing in it] [a rose]
no furniture in the hall except a chair => [the hall] -[furniture] [a chair]
people who don't smile => [people] -[smile]
a face not covered by a mask => [a face] -[covered by a mask]
a boat not moored at a pier => [a boat] -[moored at a pier]
a shelf not made of wood => [a shelf] -[made of wood]
beds without pillows or sheets, in hotels => [beds] -[pillows] -[sheets] [in hotels]
dog / no cat => [dog] -[cat]
a man without a shirt is climbing a rock => [a man is climbing a rock] -[a shirt]
a boy with no shoes is running in the woods => [a boy is running in the woods] -[shoes]
a tree with no leaves is on a hill => [a tree is on a hill] -[leaves]
a yard where no dogs are running => [a yard] -[dogs are running]
no faces are shown. => -[faces are shown]
a street without people who are smiling => [a street] -[people who are smiling]
a girl without a coat, riding a horse => [a girl] -[a coat] [riding a horse]
a man with no hat and wearing sunglasses => [a man wearing sunglasses] -[hat]
a man with glasses and with no hat => [a man with glasses] -[hat]
a man in shorts and wearing no shirt => [a man in shorts] -[shirt]
a park without walking, running or cycling => [a park] -[walking] -[running] -[cycling]
photos that are without people => -[people]
the house that is without windows => [the house] -[windows]
a girl who is without a hat is dancing => [a girl is dancing] -[a hat]
a room where there are no people and no lights are on => [a room] -[people] -[lights are on]
a chair missing a leg => [a chair] -[a leg]
a bike that is missing its wheel => [a bike] -[its wheel]
selfies not taken in a mirror => [selfies] -[taken in a mirror]
a goat not tied to a fence => [a goat] -[tied to a fence]
a letter not written by a child => [a letter] -[written by a child]
a meal with everything but the wine => [a meal] -[the wine]
a photo of (cats OR dogs) => [a photo] ([cats] | [dogs])
a cat neither in the garden nor on the roof => [a cat] -[the garden] -[the roof]
women neither in dresses nor in skirts => [women] -[dresses] -[skirts]
a boat neither under a bridge nor at a pier => [a boat] -[under a bridge] -[a pier]
neither cats nor dogs, in the snow => [the snow] -[cats] -[dogs]
rooms that lack windows => [rooms] -[windows]
a child who lacks any shoes => [a child] -[shoes]
a yard lacking in trees => [a yard] -[trees]
a sea with not a boat => [a sea] -[boat]
a field with not one tree on it => [a field] -[tree]
a stadium without even a single fan => [a stadium] -[fan]
a shelf on which there are no books => [a shelf] -[books]
a harbour where no ships can be seen => [a harbour] -[ships]
a garden in which no flowers are visible => [a garden] -[flowers]
a square where you can't see any pigeons => [a square] -[pigeons]
salad not containing nuts or eggs => [salad] -[nuts] -[eggs]
a lake, I don't want any boats => [a lake] -[boats]
street, exclude cars => [street] -[cars]
a yard without anybody in it => [a yard] -[people]
my dog and nobody else => [my dog] -[people]
no dogs or cats, beach => -[dogs] -[cats] [beach]
no hats, scarves or gloves, sun => -[hats] -[scarves] -[gloves] [sun]
lamp w/out a shade => [lamp] -[a shade]
lamp with out a shade => [lamp] -[a shade]
a desk wihtout a lamp or paper => [a desk] -[a lamp] -[paper]
garden withot flowers => [garden] -[flowers]
garden Whithout flowers => [garden] -[flowers]
a fence wothout a gate in the snow => [a fence in the snow] -[a gate]
neither cars nor bikes and with trees => [trees] -[cars] -[bikes]
"""

LOOKALIKES = """
no parking sign => [no parking sign]
a no parking sign on a wall => [a no parking sign on a wall]
a street with a no parking sign => [a street with a no parking sign]
no smoking sign => [no smoking sign]
no smoking => [no smoking]
No Entry => [No Entry]
no dogs allowed sign => [no dogs allowed sign]
no trespassing => [no trespassing]
no swimming sign at a lake => [no swimming sign at a lake]
no left turn sign => [no left turn sign]
no u-turn sign => [no u-turn sign]
do not enter sign => [do not enter sign]
a "do not enter" sign -cars => [a do not enter sign] -[cars]
do not disturb => [do not disturb]
don't walk sign => [don't walk sign]
notebook => [notebook]
a notebook without a pen => [a notebook] -[a pen]
note => [note]
knot => [knot]
a tied knot => [a tied knot]
Not Just Coffee => [Not Just Coffee]
a shop called Not Just Coffee => [a shop called Not Just Coffee]
nothing but trees => [nothing but trees]
a forest with nothing but trees => [a forest with nothing but trees]
not only dogs but cats => [not only dogs but cats]
not only dogs but also cats without collars => [not only dogs but also cats] -[collars]
no-fly zone => [no-fly zone]
a dog without no collar => [a dog without no collar]
a dog that isn't not brown => [a dog that isn't not brown]
no no dogs => [no no dogs]
a street without no parking signs => [a street] -[no parking signs]
no dogs no cats => -[dogs] -[cats]
Nowhere => [Nowhere]
a road to nowhere => [a road to nowhere]
without a doubt the best beach => [without a doubt the best beach]
knockout => [knockout]
a boxing knockout => [a boxing knockout]
no man's land => [no man's land]
no man’s land => [no man’s land]
none other than the queen => [none other than the queen]
No. 7 bus => [No. 7 bus]
no. 10 Downing Street => [no. 10 Downing Street]
No 5 perfume bottle => [No 5 perfume bottle]
Kein => [Kein]
kein Hund => [kein Hund]
ein Strand ohne Menschen => [ein Strand ohne Menschen]
stop sign => [stop sign]
U-turn => [U-turn]
t-shirt => [t-shirt]
a t-shirt -logo => [a t-shirt] -[logo]
black-and-white photo => [black-and-white photo]
black and white cat => [black and white cat]
salt and pepper => [salt and pepper]
trick or treat => [trick or treat]
beach - people => [beach - people]
beach – people => [beach – people]
Paris–Dakar rally => [Paris–Dakar rally]
-5 degrees => [-5 degrees]
"beach without people" => [beach without people]
a poster of “Rebel Without a Cause” => [a poster of Rebel Without a Cause]
the words 'no people' on a wall => [the words no people on a wall]
forget-me-not flowers => [forget-me-not flowers]
forget me not => [forget me not]
Northern lights => [Northern lights]
Nokia phone => [Nokia phone]
a novel => [a novel]
Noah's ark => [Noah's ark]
snow => [snow]
piano => [piano]
Norway -people => [Norway] -[people]
nor'easter storm => [nor'easter storm]
an exception => [an exception]
exceptional view => [exceptional view]
a house not far from the sea => [a house not far from the sea]
no more than two people => [no more than two people]
not many people => [not many people]
a not-for-profit shop => [a not-for-profit shop]
rock 'n' roll => [rock 'n' roll]
yes or no => [yes or no]
Dr. No => [Dr. No]
say no to drugs => [say no to drugs]
no => [no]
not => [not]
without => [without]
nobody's perfect => [nobody's perfect]
anderson and sons => [anderson and sons]
freedom => [freedom]
free coffee => [free coffee]
a minus sign => [a minus sign]
duty-free shop => [duty-free shop]
butter => [butter]
old but gold => [old but gold]
not to mention cats => [not to mention cats]
not without my daughter => [not without my daughter]
nothing except trees => [nothing except trees]
nobody apart from the queen => [nobody apart from the queen]
people who do not look at the camera => [people who do not look at the camera]
a no sleeve shirt => [a no sleeve shirt]
people who are smiling => [people who are smiling]
a dog is on the sofa => [a dog is on the sofa]
what is this => [what is this]
the dogs that were here => [the dogs that were here]
dogs are not allowed => [dogs are not allowed]
a boat that is moored => [a boat that is moored]
a missing cat poster => [a missing cat poster]
a boat left at the pier => [a boat left at the pier]
a dog taken in by a family => [a dog taken in by a family]
9/11 memorial => [9/11 memorial]
and/or => [and/or]
a notice that reads no pets => [a notice that reads no pets]
a mug saying not today => [a mug saying not today]
do not want => [do not want]
a table covered by a cloth => [a table covered by a cloth]
bread by the window => [bread by the window]
a fence around it => [a fence around it]
which is around the corner => [which is around the corner]
a lake in which fish swim => [a lake in which fish swim]
a withered outfit => [a withered outfit]
withdrawn => [withdrawn]
an outhouse => [an outhouse]
you can see the sea => [you can see the sea]
a dog that can't see => [a dog that can't see]
anyone else => [anyone else]
somebody without => [somebody without]
exclusive cars => [exclusive cars]
a lackey => [a lackey]
portrait with out of focus leaves => [portrait with out of focus leaves]
a man within a withered garden => [a man within a withered garden]
a shelf without anything on it => [a shelf without anything on it]
a board that says no cakes => [a board that says no cakes]
a moon that is visible => [a moon that is visible]
not one but two dogs => [not one but two dogs]
St. Mark's Square => [St. Mark's Square]
oregon => [oregon]
ORCHID => [ORCHID]
ANDROID phone => [ANDROID phone]
time 12:30 => [time 12:30]
ratio 16:9 => [ratio 16:9]
rock ‘n’ roll => [rock ‘n’ roll]
the word ‘no’ on a wall => [the word ‘no’ on a wall]
the words ‘it’s no use’ => [the words it’s no use]
beach — people => [beach — people]
Paris—Dakar rally => [Paris—Dakar rally]
a thank you card => [a thank you card]
a sign that says please => [a sign that says please]
cats or dogs => [cats or dogs]
a circle and a square => [a circle and a square]
a dog and with it a cat => [a dog and with it a cat]
either side of a road => [either side of a road]
a 2 px line => [a 2 px line]
a width of 2 px => [a width of 2 px]
thanks, grandma => [thanks, grandma]
pretty please => [pretty please]
1990‑1999 cars => [1990‑1999 cars]
an A4 size 2 MB scan => [an A4 size 2 MB scan]
"""

PICTURES = """
like:photo.jpg => like[photo.jpg]
like:photo.jpg -people => like[photo.jpg] -[people]
like:"my holiday/photo 1.jpg" => like[my holiday/photo 1.jpg]
-like:x.jpg => -like[x.jpg]
beach -like:x.jpg => [beach] -like[x.jpg]
like:photo.jpg^2 at night => like[photo.jpg]^2 [at night]
like:a.jpg OR like:b.jpg => like[a.jpg] | like[b.jpg]
like:photo.jpg without people => like[photo.jpg] -[people]
LIKE:Photo.JPG => like[Photo.JPG]
people like dogs => [people like dogs]
like:C:\\photos\\x.jpg => like[C:\\photos\\x.jpg]
"""

FILTERS = """
after:2023-05 => {taken>=2023-05-01}
beach after:2023 before:2024 => [beach] {taken>=2023-01-01} {taken<2024-01-01}
taken:2023 => {taken=2023}
beach taken:2023-05-17 => [beach] {taken=2023-05-17}
beach -taken:2023 => [beach] -{taken=2023}
beach NOT folder:work => [beach] -{folder=work}
folder:"summer 2023/italy" beach => [beach] {folder=summer 2023/italy}
type:PNG => {type=png}
camera:"Canon EOS" -people => -[people] {camera=Canon EOS}
width>2000 => {width>2000}
beach height<=500 => [beach] {height<=500}
beach size>2MB => [beach] {size>2000000}
size>2 MB => {size>2000000}
beach size <= 1.5 GiB => [beach] {size<=1610612736}
width > 2000 px cats => [cats] {width>2000}
height:500 pixels => {height=500}
width>2 MB => error
after:2023 and before:2024 => {taken>=2023-01-01} {taken<2024-01-01}
circle and after:2023 => [circle] {taken>=2023-01-01}
folder:a, but circle => [circle] {folder=a}
beach or after:2023 => error
type:png or beach => error
neither folder:work nor folder:home => -{folder=work} -{folder=home}
a cat with neither hats nor type:png => [a cat] -[hats] -{type=png}
neither cats nor dogs, after:2023 => -[cats] -[dogs] {taken>=2023-01-01}
taken<=9999-12 => {taken<=9999-12}
taken>9999-12-31 => {taken>9999-12-31}
taken>2023-12 => {taken>2023-12}
taken<=2023-02 => {taken<=2023-02}
taken>2024-02-29 => {taken>2024-02-29}
size<500kb cats => [cats] {size<500000}
a beach without people after:2023 => [a beach] -[people] {taken>=2023-01-01}
a beach after:2023 without people => [a beach] -[people] {taken>=2023-01-01}
(beach after:2023) OR mountain => error
beach OR after:2023 => error
foo:bar => error
widht>2000 => error
http://example.com beach => [http://example.com beach]
beach after:yesterday => [beach] {taken>=2026-05-09}
taken:today => {taken=2026-05-10}
after:7d => {taken>=2026-05-03}
width>wide => error
after:2023-13 => error
beach -after: => error
Note: no people => [Note] -[people]
"""

OTHER = """
海滩 -人 => [海滩] -[人]
海滩，没有人 => [海滩，没有人]
пляж без людей => [пляж без людей]
plage sans personne -chien => [plage sans personne] -[chien]
🏖 -👤 => [🏖] -[👤]
a beach 🏖️ without people => [a beach 🏖️] -[people]
café -tables => [café] -[tables]
  beach    -people   => [beach] -[people]
dogs, cats, birds => [dogs, cats, birds]
is there a dog? => [is there a dog]
beach ( => error
beach ) => error
beach "unclosed => error
() => error
... => error
beach OR => error
AND beach => error
beach^0 => error
smile :) => [smile :)]
photo(1) -people => [photo(1)] -[people]
"""


def rows(table: str) -> list[tuple[str, str]]:
    found = []
    for line in table.strip("\n").splitlines():
        sentence, _, tree = line.rpartition(" => ")
        found.append((sentence, tree))
    return found


TABLES = {
    "operators": OPERATORS,
    "english": ENGLISH,
    "lookalikes": LOOKALIKES,
    "pictures": PICTURES,
    "filters": FILTERS,
    "other": OTHER,
}
HELD_OUT = {
    "held-out": AS_SEARCH_USERS_TYPE,
    "held-out-2": AS_SEARCH_USERS_TYPE_2,
    "held-out-3": AS_SEARCH_USERS_TYPE_3,
}


def number(value: float) -> str:
    return f"{value:.15g}"


def notation(query: Query) -> str:
    """The query in the notation of the tables."""
    parts = [] if query.tree is None else [written(query.tree, top=True)]
    return " ".join(parts + [written_filter(f) for f in query.filters])


def written(node: Node, top: bool = False) -> str:
    if isinstance(node, Not):
        return "-" + written(node.child)
    if isinstance(node, And | Or):
        text = (" | " if isinstance(node, Or) else " ").join(written(child) for child in node.children)
        return text if top else f"({text})"
    weight = "" if node.weight == 1 else f"^{number(node.weight)}"
    return f"like[{node.path}]{weight}" if isinstance(node, Picture) else f"[{node.text}]{weight}"


def written_filter(condition: Filter) -> str:
    value = condition.value if isinstance(condition.value, str) else number(condition.value)
    return "-" * condition.negated + f"{{{condition.field}{condition.op}{value}}}"


TODAY = date(2026, 5, 10)
EVERY = TABLES | HELD_OUT
CASES = [pytest.param(*row, id=f"{kind}-{row[0]}") for kind, table in EVERY.items() for row in rows(table)]


@pytest.mark.parametrize(("sentence", "tree"), [case for case in CASES if case.values[1] != "error"])
def test_a_sentence_is_read_as_its_tree(sentence: str, tree: str) -> None:
    assert notation(parse(sentence, TODAY)) == tree


@pytest.mark.parametrize(("sentence", "tree"), [case for case in CASES if case.values[1] == "error"])
def test_what_cannot_be_read_is_an_error_with_a_caret(sentence: str, tree: str) -> None:
    with pytest.raises(UserError) as error:
        parse(sentence, TODAY)
    assert error.value.where.rstrip().endswith("^")
    assert error.value.fix


def test_the_table_is_as_large_as_promised() -> None:
    every = [row for table in TABLES.values() for row in rows(table)]
    assert len(every) == len({sentence for sentence, _ in every}) >= 170
    assert len(rows(LOOKALIKES)) * 3 >= len(every)
