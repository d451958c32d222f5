"""Hand-written word lists: people, sports, attributes, nouns, adjectives, verbs, function words."""

from semclip.english.inflection import by_rule, words
from semclip.english.things import NAMES

#: person -> persons of the other sex: of the same age first.
MALE_TO_FEMALE = {"man": ("woman", "girl"), "men": ("women", "girls"), "boy": ("girl", "woman"),
                  "boys": ("girls", "women"), "guy": ("woman", "girl"), "guys": ("women", "girls"),
                  "gentleman": ("lady",), "gentlemen": ("ladies",)}  # fmt: skip
FEMALE_TO_MALE = {"woman": ("man", "boy"), "women": ("men", "boys"), "girl": ("boy", "man"), "girls": ("boys", "men"),
                  "lady": ("man", "boy"), "ladies": ("men", "boys")}  # fmt: skip
PEOPLE_PAIRS = (("man", "woman"), ("boy", "girl"), ("man", "girl"), ("woman", "boy"))
AGES = words("young old older elderly little small middle-aged teenage adult big younger")
MALE_SIGNS = words(
    """man men boy boys guy guys gentleman gentlemen male males he him his himself father dad son brother groom husband
    beard bearded mustache moustache mustached shirtless bare-chested topless cowboy policeman fireman
    businessman dude"""
)
FEMALE_SIGNS = words(
    """woman women girl girls lady ladies female females she her herself mother mom daughter sister bride wife bikini
    skirt dress pregnant pigtails"""
)
MANY_PEOPLE = words(
    """people group crowd couple family children kids team friends players others adults they them band teenagers
    audience pair ones another other"""
)

SPORTS = {
    "soccer": "football rugby player players ball",
    "tennis": "racket racquet court",
    "basketball": "hoop court dunk dunks",
    "baseball": "softball bat pitcher batter",
    "hockey": "puck ice lacrosse",
    "volleyball": "net",
    "golf": "club",
    "football": "soccer rugby player players ball",
}

# -- attributes ------------------------------------------------------------------------------------------------------

#: colour -> colours near enough that both may be said of one thing.
COLOURS = {
    "black": "grey gray dark brown navy",
    "white": "grey gray silver tan cream beige blond light blonde pale",
    "red": "pink orange maroon brown purple",
    "blue": "purple teal navy turquoise green grey gray black",
    "green": "teal turquoise blue yellow olive",
    "yellow": "gold golden orange tan blond blonde green",
    "brown": "tan orange beige golden red black dark gold",
    "orange": "red yellow brown tan golden pink",
    "pink": "red purple orange",
    "purple": "pink blue red violet",
    "grey": "gray white silver black blue",
    "gray": "grey white silver black blue",
    "blond": "golden yellow white light sandy",
    "blonde": "golden yellow white light",
    "tan": "brown beige golden white yellow orange cream",
}
FUR_COLOURS = ("black", "white", "brown", "gray")
CLOTH_COLOURS = ("black", "white", "red", "blue", "green", "yellow", "orange", "pink", "purple", "brown")
COLOUR_WORDS = frozenset(COLOURS) | frozenset(word for near in COLOURS.values() for word in near.split())
HAIR_COLOURS = ("black", "brown", "red", "blond")
MIXED_COLOURS = words(
    """colorful multicolored multi-colored colored striped plaid rainbow tie-dyed patterned bright-colored tri-colored
    spotted multicolor checkered camouflage floral"""
)

NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight")
NUMBER_WORDS = frozenset((*NUMBERS, "one", "nine", "ten", "dozen", "2", "3", "4", "5", "6"))
VAGUE_NUMBERS = words(
    """group several some many crowd bunch lots lot team few couple pair various multiple numerous pack herd flock
    crowded family others another band row trio duo other third"""
)

#: attribute -> (opposite, categories it may describe, words in any caption of the image that forbid the swap).
OPPOSITES = {
    "small": ("large", "animal object place", "large big huge giant"),
    "little": ("large", "animal object", "large big huge giant"),
    "tiny": ("large", "animal object", "large big huge giant"),
    "large": ("small", "animal object place", "small little tiny puppy"),
    "big": ("small", "animal object place", "small little tiny puppy"),
    "huge": ("tiny", "animal object place", "small little tiny"),
    "tall": ("short", "object place adult", "short small little"),
    "long": ("short", "hair object", "short"),
    "short": ("long", "hair", "long"),
    "young": ("elderly", "adult", "old older elderly"),
    "old": ("young", "adult", "young younger little boy girl child kid"),
    "older": ("young", "adult", "young younger little boy girl child kid"),
    "elderly": ("young", "adult", "young younger little boy girl child kid"),
    "wet": ("dry", "animal clothes", "dry"),
    "dry": ("wet", "animal grass", "wet water swimming splashing"),
    "empty": ("crowded", "place", "crowd crowded busy full people"),
    "crowded": ("empty", "place", "empty alone lone"),
    "busy": ("empty", "place", "empty alone lone"),
    "shallow": ("deep", "place", "deep"),
    "deep": ("shallow", "place", "shallow"),
    "snowy": ("grassy", "place", "grass grassy green"),
    "grassy": ("snowy", "place", "snow snowy ice icy"),
}  # fmt: skip

# -- words by grammatical category -----------------------------------------------------------------------------------

_NOUNS = {
    "adult": "man woman lady guy gentleman couple adult businessman person",
    "person": """boy girl child kid toddler baby infant teenager teen player skateboarder surfer skier snowboarder biker
        cyclist bicyclist rider climber hiker runner swimmer skater dancer musician performer worker singer friend
        mother father bride groom policeman officer fisherman cowboy family team crowd group student soldier
        spectator tourist clown wrestler boxer gymnast cheerleader racer motorcyclist kayaker golfer goalie referee
        audience individual passenger pedestrian fencer mountaineer athlete camper shopper vendor""",
    "animal": """animal bear lion tiger deer fox wolf camel turtle fish whale dolphin seal squirrel butterfly zebra
        giraffe penguin panda kangaroo donkey lamb""",
    "clothes": """jacket coat hoodie vest uniform outfit suit swimsuit bikini skirt scarf tie pants trousers cap hat
        glove boot shoe sock bandanna headband backpack bag purse apron costume sunglasses goggles collar harness leash
        top gown shirt t-shirt jersey blouse sweatshirt sweater dress helmet jeans shorts trunks wig tutu
        life-jacket sweatpants tights overalls pajamas kimono sari mask headscarf sandals sneakers leggings clothing
        clothes""",
    "object": """toy bottle cup ball balloon blanket towel box bucket chair couch bench table bed tent umbrella slide
        rope kite flag sign surfboard skateboard bicycle bike motorcycle scooter car truck bus train boat
        kayak canoe         raft van sled snowboard tube ring guitar drum book door fence stick pole statue
        sculpture branch log tree         disc frisbee hoop mat curtain vehicle wagon cart basket bowl plate
        ribbon tube trampoline swing microphone         stroller parachute tractor jeep fountain wheel plane
        airplane helicopter hula-hoop candle flower rug pillow         cushion balloons pool rock boulder
        sink toilet stove oven refrigerator fridge microwave lamp computer laptop         keyboard monitor
        mirror vase plate pizza sandwich cake apple banana clock umbrella phone cellphone television counter
        desk shelf cabinet spoon fork knife pot pan suitcase bouquet wheelchair ladder gate newspaper camera
        bathtub""",
    "place": """street road field beach park river lake stream pond restaurant room kitchen store sidewalk hill
        mountain         yard bridge city market stadium court bathroom bedroom hallway office garage
        airport station hotel church school library museum         garden barn tower castle temple beach
        village track path trail slope area cliff building house wall town plaza""",
    "hair": "hair beard",
    "grass": "grass field ground dirt leaves",
    "other": """water snow sand mud air sky ocean sea pool wave mouth head hand face arm leg camera game race ground
        background front top side edge middle day night sun sunset window floor rail railing ramp stairs steps
        stairway staircase dock pier waterfall puddle playground forest woods desert shore trick jump tongue paw
        tail ear nose eye crosswalk corner mountaintop hillside meadow lawn shade
        photo picture image photograph portrait view close-up herd flock pack pair bunch line row pile stack series lot
        number bit piece slice food meat cheese bread wine coffee beer glass lunch dinner meal birthday
        traffic parking""",
}
_PLURAL_NOUNS = words(
    """pants trousers sunglasses goggles jeans shorts trunks tights overalls pajamas sandals sneakers leggings clothes
    leaves stairs steps sweatpants balloons people woods"""
)
UNCOUNTED = words(
    """water snow sand mud air sky grass ground dirt hair clothing shade food meat cheese bread wine coffee beer
    traffic parking"""
)

#: noun -> (categories, is it a plural).
NOUNS: dict[str, tuple[frozenset[str], bool]] = {}
for _category, _list in _NOUNS.items():
    for _word in _list.split():
        _forms = [(_word, _word in _PLURAL_NOUNS)]
        if _word not in _PLURAL_NOUNS and _word not in UNCOUNTED:
            _forms.append((by_rule(_word, "NNS"), True))
        for _form, _is_plural in _forms:
            NOUNS[_form] = (NOUNS.get(_form, (frozenset(), False))[0] | {_category}, _is_plural)
for _word, (_of, _is_plural) in NAMES.items():
    if _of in ("dog", "cat", "horse", "cow", "sheep", "goat", "bird", "monkey", "elephant", "rabbit", "pig", "bear"):
        NOUNS[_word] = (frozenset({"animal"}), _is_plural)
    else:
        NOUNS.setdefault(_word, (frozenset({"other"}), _is_plural))

ADJECTIVES = words(
    """small little tiny large big huge giant tall short long young old older elderly younger wet dry empty crowded
    busy shallow deep snowy grassy sandy rocky muddy dirty dusty clean steep high low narrow wide open closed
    colorful bright dark light pale wooden plastic metal stone brick concrete leather rubber paper glass furry
    fluffy shaggy fuzzy hairy skinny fat thin chubby happy smiling sad lone single stuffed striped plaid spotted
    beautiful pretty cute funny silly green-eyed bald blond blonde brunette bearded shirtless barefoot asian african
    american chinese indian japanese german male female homeless teenage adult middle-aged several various many few
    other different same full half outdoor indoor inflatable rainy sunny cloudy foggy frozen icy golden silver gold
    navy teal beige cream maroon turquoise multicolored multi-colored floral patterned matching plain denim fancy formal
    casual traditional heavy soft hard rough smooth curly straight wild dead fallen broken painted decorated covered
    paved grass-covered snow-covered snow calm clear cold hot warm brightly blue-eyed light-brown dark-haired
    blond-haired red-haired long-haired curly-haired white-haired dark-skinned tattooed muscular athletic public
    rural urban local nearby distant large-breed medium-sized medium round square flat curved grown bare toy"""
) | frozenset(COLOURS)

_VERBS = words(
    """run walk jump sit stand play ride hold wear look climb swim leap lie lay watch smile throw catch carry pull push
    jog sleep eat drink read write sing dance kick hit swing slide fly fall roll crawl dive splash surf ski skate
    skateboard snowboard sled paddle row sail drive race chase follow fight wrestle bite chew lick sniff shake bark
    dig rest lean kneel crouch squat bend stretch reach point wave hug kiss laugh talk speak listen stare pose
    perform cook cut paint draw build work wait cross pass enter leave move spin flip bounce balance hang float wade
    fish hike bike cycle pedal shop push drag grab lift raise touch pet feed wash brush blow clap cheer gather meet
    shoot aim toss serve dribble tackle skip hop step stop turn land race compete practice rollerblade juggle cuddle
    snuggle nap relax lounge smoke tie use take make try attempt give put show share enjoy prepare come go get
    splash trot gallop stroll march parade sunbathe fetch retrieve hurdle grind wag peer gaze glance yell shout
    scream cry frown grin celebrate hunt mow dry sweep help pour spray embrace assist sell buy clean examine inspect
    stick train water fire"""
)
ING_FORMS = {by_rule(verb, "VBG"): verb for verb in _VERBS}
THIRD_FORMS = {by_rule(verb, "VBZ"): verb for verb in _VERBS}
BASE_FORMS = frozenset(_VERBS)

DETERMINERS = words(
    "a an the this that these those his her its their another one some each every my our no both"
) | frozenset(NUMBERS)
PREPOSITIONS = words(
    """in on at with of through over under near by to for from into onto off out up down along across around behind
    beside between against toward towards above below underneath beneath inside outside past after before during as
    while whilst next within among amongst amid atop upon alongside like about together outdoors indoors away nearby
    there without when where because if so than then too also ahead and or but nor plus who that which whose very
    just not backwards forward forwards sideways upside headfirst overhead underwater ashore side-by-side"""
)
AUXILIARIES = words("is are was were has have had does do did can could will would be been being 's")
#: Every word of the lists above: a text that knows few of them is not taken for an English caption.
KNOWN = frozenset(
    (*NOUNS, *ADJECTIVES, *PREPOSITIONS, *AUXILIARIES, *DETERMINERS, *ING_FORMS, *THIRD_FORMS, *BASE_FORMS)
)
#: Words that negate. A caption that holds one is left alone.
NEGATION_WORDS = words(
    """no not without never nobody none nothing nor neither cannot nowhere hardly barely lack lacks lacking unable"""
)

#: Words that differ in form alone, so that a pair held out from training is held out in every form.
SAME = {
    "grey": "gray",
    "blonde": "blond",
    "little": "small",
    "tiny": "small",
    "big": "large",
    "huge": "large",
    "old": "elderly",
    "older": "elderly",
    "busy": "crowded",
    "men": "man",
    "guy": "man",
    "guys": "man",
    "gentleman": "man",
    "gentlemen": "man",
    "women": "woman",
    "lady": "woman",
    "ladies": "woman",
    "boys": "boy",
    "girls": "girl",
}
