"""What a single word may be in a caption: the classes that the parser and the rules ask for."""

from functools import lru_cache

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import verbs

BE = words("is are was were")
INDEFINITE = words("a an one another some several many few various multiple numerous") | lexicon.NUMBER_WORDS
POSSESSIVES = words("his her its their my our your")
DETERMINERS = INDEFINITE | POSSESSIVES | words("the this that these those each every both all")
PRONOUNS = words(
    """he she it they him them himself herself itself themselves someone somebody something everyone i we you"""
)
RELATIVES = words("who that which whose where")
CONJUNCTIONS = words("and or but nor then plus")
#: Words that start a subordinate clause.
SUBORDINATES = words("while as when whilst because so although though until before after if where since")
PREPOSITIONS = words(
    """in on at with of through over under near by for from into onto off out up down along across around round
    behind beside besides between against toward towards above below underneath beneath inside outside past
    during within among amongst amid amidst atop upon alongside like about to without next close front far via
    throughout aboard w per"""
)
ADVERBS = words(
    """together away outdoors indoors nearby there here alone back backwards forward forwards sideways upside
    headfirst overhead underwater ashore side-by-side just very also too ahead playfully happily quickly slowly
    downhill uphill upright apart aside around home barefoot midair mid-air mid-jump airborne high low quietly
    still onstage outstretched only almost abreast afar aloft online horseback backward upwards downwards
    downward upward fast"""
)
#: Nouns that stand for several: "a group of people" may run or runs.
COLLECTIVES = words(
    """group crowd bunch couple pair family team band crew class trio row line lot number variety audience flock
    herd pack set majority handful mix gang"""
)
_EXTRA_NOUNS = words(
    """picture photo photograph image tennis ice glass glasses body object obstacle gear distance tire number bar
    food foot feet equipment stunt bubble subway ledge structure backyard tunnel graffiti cigarette event piece
    police net neck surface base pavement wing way platform party garden gym racket downhill racetrack scene art
    traffic fair carnival school deck hole gun headphones hay match stage instrument terrain muzzle handrail
    machine station screen chain mohawk stump landscape shoulder teeth doorway pipe frame bank necklace finger
    wedding flight owner mound range beer construction cardboard home video courtyard computer driver barrier
    bush fur dune walkway music cone boardwalk chest shadow coffee photographer tattoo wheelchair member cave
    cloud cheek balcony mirror roller shoreline patio picnic stomach direction pitcher hallway cloth innertube
    flock hood markings railroad bleachers bathroom farm money color print luggage curb bead opposite birthday
    concert candy alley thumb gallery television tv carriage chalk club knee waist bay pirate silhouette stripe
    toilet roof business cards skyline chocolate beam reflection case ponytail barn cage post weed booth vendor
    weather mall arena pen lane belly crown festival aisle airport laptop phone cellphone refrigerator fridge
    microwave oven stove sink counter desk sofa keyboard mouse pizza donut doughnut sandwich cake broccoli
    carrot vase clock suitcase giraffe zebra cattle toothbrush wine skis poles racquet hydrant meter signal
    intersection tracks runway tarmac sidewalk lamp shelf cabinet cabinets blinds blanket teddy bear elephants
    toddler herd snowboarders skiers slice meal breakfast lunch dinner salad soup fries cheese tomato onion fork
    knife spoon dish bottle vegetables fruit bananas oranges apples flowers living dining remote tie bedspread
    tower church cathedral skyscraper harbor marina lighthouse island coast canyon waterfall village cottage
    sunrise view shoes sock bride groom guest tourist spot marking patch dot shower set sets surf ski motorcycle
    bridesmaid groomsman groomsmen leap lift chef protester waiter nurse doctor teacher student engineer architect
    farmer contest"""
)
#: What stands before a participle as one action with it: rock climbing, ice skating.
COMPOUNDS = words(
    """rock snow river white-water whitewater ice roller mountain fly water skate scuba jet pole power kick belly
    break body horseback cross-country wind sky bungee"""
)
#: Heads of captions that speak of the picture itself.
DEPICTIONS = words(
    """closeup close-up picture photo photograph image view shot portrait painting drawing scene photos pictures
    images movie"""
)
PERSON_WORDS = words(
    """protester parent parents owner owners trainer trainers master masters reporter reporters worker workers
    waiter waiters waitress chef chefs nurse doctor doctors teacher student students engineer farmer farmers
    firefighter firefighters businesswoman businessmen policeman policemen fireman firemen fisherman fishermen
    lifeguard windsurfer windsurfers kayakers surfers waterskier parasailer skaters rollerblader rollerbladers
    photographer photographers artist artists guitarist drummer violinist conductor vendor vendors shopper
    shoppers hikers skydiver diver divers onlooker onlookers individual individuals female females male males
    woman women gymnast gymnasts athlete athletes someone somebody crossdresser toddler passenger passengers
    pedestrian pedestrians monk monks priest nun nuns bridesmaid bridesmaids groomsmen schoolgirl schoolboy
    schoolchildren youngster youngsters youth youths cowgirl cowboys batter pitcher catcher umpire wakeboarder
    wakeboarders equestrian jockey jockeys cheerleaders family team crowd group couple people audience band crew
    pair trio class member members"""
)
_FALSE_PLURALS = words("grass dress glass class tennis bus gas moss mattress canvas cross across atlas christmas lens")


@lru_cache(maxsize=50_000)
def is_plural(word: str) -> bool:
    if word in lexicon.NOUNS:
        return lexicon.NOUNS[word][1]
    return word in ("cattle", "police", "feet", "teeth") or (
        word.endswith("s") and not word.endswith(("ss", "us", "is")) and word not in _FALSE_PLURALS
    )


@lru_cache(maxsize=50_000)
def is_noun(word: str) -> bool:
    """Known as a noun, alone or as the plural of one."""
    return word in lexicon.NOUNS or word in _EXTRA_NOUNS or (word.endswith("s") and word[:-1] in _EXTRA_NOUNS)


@lru_cache(maxsize=50_000)
def is_being(word: str) -> bool:
    """Whether a noun names people or animals."""
    if word in PERSON_WORDS or (word.endswith("s") and word[:-1] in PERSON_WORDS):
        return True
    if word in lexicon.NOUNS:
        return not lexicon.NOUNS[word][0].isdisjoint(("adult", "person", "animal"))
    return word.endswith(("boarder", "boarders", "surfer", "surfers", "rider", "riders", "player", "players"))


def is_animal(word: str) -> bool:
    return "animal" in lexicon.NOUNS.get(word, (frozenset(), False))[0]


CLOTHES = words(
    """turban veil cloak poncho ponchos overcoat hood wig bonnet visor cape leotard garb hardhat earmuffs habit
    sweats underwear bra diaper bandage leggings cloth clothing jacket jackets coat coats hoodie hoodies vest
    vests uniform uniforms outfit outfits suit suits swimsuit swimsuits skirt skirts scarf scarves pants
    trousers cap caps hat hats gloves boots shoes socks bandanna costume costumes sunglasses goggles gown gowns
    shirt shirts t-shirt t-shirts tshirt tee jersey jerseys blouse sweatshirt sweater sweaters dress dresses
    helmet helmets jeans shorts trunks tutu sweatpants tights overalls pajamas kimono sari headscarf sandals
    sneakers clothes robe robes wetsuit wetsuits bikini bikinis tuxedo snowsuit attire apron headband bandana
    beanie flip-flops top tops cardigan sundress raincoat parka tank-top gi toga jumper tracksuit swimwear
    glasses collar collars gear mask masks number glove bathingsuit jumpsuit jumpsuits"""
)
HEADWEAR = words(
    """hat hats cap caps helmet helmets sunglasses goggles glasses headband bandanna bandana beanie apron vest"""
)


#: Verb forms that are far more often nouns.
_NOUN_FIRST = words(
    """plants hands heads faces stages sports lines tricks waters trains fires fish trees cameras drums boards
    shades tanks shelters wheels bows masks dresses lights colors coaches guards nurses models rows cards
    crowds rocks tracks surfaces walls roots chips logs files edges boxes flowers blocks balls bats bags boats
    bikes bicycles cars cups kids hikes picks spots sounds prints members pumps stores shoulders pans pants
    maneuvers manoeuvres eyes handles"""
)


def third(word: str) -> str | None:
    """The verb whose third form a word is ("runs"); None for others and for what is a noun first ("hands")."""
    return None if word in _NOUN_FIRST else verbs.THIRD.get(word)
