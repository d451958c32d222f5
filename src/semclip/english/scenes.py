"""Where a scene plays, and whose absence is worth a word there: nobody misses a bed on a ski slope.

What is nearly always there unmentioned (sky, clothes, a floor, people in a city) is never called absent.
"""

from collections.abc import Collection

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.parse.beings import kind_of

#: setting -> words that tell it.
SETTINGS = {
    "beach": words("beach beaches seaside shore shoreline seashore dune dunes coast coastline"),
    "sea": words("ocean sea surfer surfers surfing surfboard surf harbor sailing sailboat"),
    "lake": words("lake river pond creek canoe kayak kayaking dock pier fishing raft rafting wakeboard marsh"),
    "water": words("water stream puddle"),
    "pool": words("pool swimming swims swim"),
    "snow": words("snow snowy skier skiers snowboard snowboarder snowboarding sledding"),
    "mountain": words("mountainside cliff climb climbs climbing peak summit canyon climber climbers hiker hikers"),
    "home": words("room bedroom couch sofa carpet carpeted rug bed crib pillow"),
    "kitchen": words("kitchen bathroom bathtub toilet sink stove oven refrigerator"),
    "office": words("desk computer keyboard monitor laptop"),
    "table": words("restaurant cafe dinner eating eats eat meal dining cake breakfast lunch table pizza food"),
    "dish": words(
        """plate bowl soup sandwich salad pancakes donut donuts cookie cookies cup mug coffee tea wine fries burger
        hamburger broccoli spaghetti pasta rice fruit vegetables tray napkin cheese noodles sushi steak salmon bread
        strawberries"""
    ),
    "music": words("concert band singer sings singing musician musicians guitarist drummer"),
    "team": words("goalie batter pitcher quarterback touchdown"),
    "festival": words(
        "parade festival carnival fair costume costumes party birthday celebration clown balloons wedding"
    ),
    "race": words("motocross racer racers racecar racetrack motorcyclists"),
    "street": words(
        """street streets sidewalk city road downtown crosswalk traffic plaza square alley curb urban town storefront
        pavement cobblestone"""
    ),
    "city": words("city downtown plaza urban town square"),
    "rails": words("train trains tracks railroad railway station platform"),
    "parking": words("parked parking garage driveway"),
    "sky": words(
        """parachute parasail parasailing paraglider paragliding glider airplane airplanes plane planes jet
        helicopter airport runway"""
    ),
    "zoo": words("zoo elephant elephants giraffe giraffes zebra zebras monkey lion tiger bear"),
    "perch": words("bird birds perched branch nest pigeon pigeons duck ducks"),
    "park": words("park picnic"),
    "yard": words("garden lawn yard backyard"),
    "camp": words("camping campsite campers tent tents"),
    "meadow": words("grass grassy field meadow"),
    "woods": words("forest woods wooded trail path hike hikes hiking camping campsite woodland"),
    "playground": words("playground slide swing swings seesaw sandbox trampoline"),
    "wheels": words("skateboard skateboarder skateboarding skater ramp rollerblades bmx bicycle bike biker scooter"),
    "farm": words("farm barn pasture hay horse horses cow cows sheep goat goats rodeo saddle cattle"),
    "dog": words("dog dogs puppy puppies retriever terrier collie labrador poodle greyhound"),
    "waiting": words("sit sits sitting seated bench chair chairs waiting waits"),
    "people": words(
        """man woman boy girl child men women boys girls children people person baby toddler kid kids lady guy couple
        family group"""
    ),
}
_GAMES = words("football basketball baseball softball tennis cricket soccer rugby lacrosse volleyball hockey")
_PLAYED = words("player players game match team teams")
#: Settings, and things, that without people are none.
_OF_PEOPLE = words("people waiting festival")
#: Words that name people, and not only a number of beings.
PEOPLE = frozenset(word for word, (of, _) in lexicon.NOUNS.items() if of & {"adult", "person"}) - words(
    "group groups crowd crowds couple couples family families team teams audience boxer boxers"
)
_IN_HAND = words("book phone newspaper laptop umbrella")
_OUTSIDE = words("outside outdoors outdoor")
_INSIDE = words("home kitchen office")
#: Settings from the most telling: only the things of the first line of which any is told count.
_TELLING = (
    words("snow pool mountain music team"),
    words("beach sea lake home kitchen office table festival race camp rails sky zoo wheels dish"),
    words("water street city parking park yard woods playground farm"),
    words("meadow dog perch waiting"),
    words("people"),
)

#: thing -> settings where somebody may well look for it in vain.
_FITS = {
    "dog": """water beach lake pool snow street park yard meadow woods mountain home kitchen playground farm rails
        parking camp waiting""",
    "cat": "home kitchen office farm dog yard perch",
    "horse": "beach farm woods",
    "cow": "farm",
    "sheep": "farm",
    "goat": "farm mountain",
    "bird": "water beach sea lake park yard meadow woods mountain dog sky zoo",
    "man": "dog farm",
    "woman": "dog farm",
    "child": """water beach lake pool park yard street home kitchen playground snow dog people farm festival table
        waiting rails parking camp""",
    "person": "water dog farm beach lake woods snow mountain park yard zoo",
    "bicycle": "street woods wheels parking",
    "motorcycle": "street wheels race",
    "skateboard": "wheels",
    "car": "wheels",
    "truck": "street farm",
    "bus": "street",
    "boat": "beach sea lake",
    "surfboard": "beach sea",
    "ball": "beach park yard pool playground dog",
    "frisbee": "beach park dog",
    "kite": "beach sea sky",
    "guitar": "music",
    "drum": "music",
    "piano": "music",
    "bench": "street park playground rails woods",
    "couch": "home",
    "bed": "home",
    "tent": "woods mountain",
    "umbrella": "beach street waiting",
    "book": "home waiting office",
    "phone": "table waiting office",
    "laptop": "home office",
    "television": "home",
    "newspaper": "home office",
    "statue": "city",
    "fountain": "city",
    "swing": "playground",
    "trampoline": "playground",
    "fire": "camp",
    "stick": "dog",
    "balloon": "festival city playground sky",
    "flag": "team race",
    "sled": "snow",
    "snowman": "snow",
    "referee": "team",
    "cake": "table dish",
    "pizza": "table dish",
    "candle": "table dish",
}
_BY_SETTING = {
    setting: frozenset(thing for thing, fits in _FITS.items() if setting in fits.split()) for setting in SETTINGS
}
_OF_WORD: dict[str, tuple[str, ...]] = {}
for _setting, _cues in SETTINGS.items():
    for _cue in _cues:
        _OF_WORD[_cue] = (*_OF_WORD.get(_cue, ()), _setting)

#: Things somewhere worth missing, in a fixed order.
MISSABLE = tuple(_FITS)


_SHORE = words("sand sandy ocean sea shore shoreline water wave waves surf seaside dune dunes coast")


def settings_of(bag: frozenset[str]) -> frozenset[str]:
    """The settings that words tell."""
    found = {setting for word in bag if word in _OF_WORD for setting in _OF_WORD[word]}
    if "ball" in bag and "beach" in found and bag.isdisjoint(_SHORE):
        found.discard("beach")  # a beach ball
    if not _GAMES.isdisjoint(bag) and not _PLAYED.isdisjoint(bag):  # more than a baseball cap or a tennis ball
        found.add("team")
    return frozenset(found)


def missable(bag: frozenset[str], present: Collection[str]) -> frozenset[str]:
    """Things, not of those present, whose absence is worth a word in a scene told by these words.

    Only the most telling settings count: in the snow it does not matter that there is a dog.
    """
    found = settings_of(bag)
    unfit = frozenset(present)
    if not bag.isdisjoint(lexicon.MANY_PEOPLE):
        found -= {"people"}
    if PEOPLE.isdisjoint(bag):
        found, unfit = found - _OF_PEOPLE, unfit | _IN_HAND
    if not _OUTSIDE.isdisjoint(bag):
        found -= _INSIDE
    for line in _TELLING:
        things = frozenset().union(*(_BY_SETTING[setting] for setting in found & line)) - unfit
        if things:
            return things
    # A scene that no list tells: nobody is in it, or no child, no animal.
    alone = PEOPLE.isdisjoint(bag) and "person" not in unfit and not any(kind_of(word) == "person" for word in bag)
    crowd = not bag.isdisjoint(lexicon.MANY_PEOPLE)  # in a crowd somebody may well be a child
    fallback = ("person",) if alone else ("child",) * (not crowd) + ("umbrella", "bicycle", "dog")
    return frozenset(next(([thing] for thing in fallback if thing not in unfit), []))
