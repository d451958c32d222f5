"""Things a caption may speak of: their names, what hints at them, and what may stand in their place.

A thing has names ("dog", "puppy") and signs: other words after which it may well be in the picture (a hypernym, a part,
an activity). A thing is called absent only where neither a name nor a sign of it occurs. All rows are written by hand.
"""
# ruff: noqa: E501  # one row, one thing

from dataclasses import dataclass

from semclip.english.inflection import PLURAL_ONLY, by_rule, words


@dataclass(frozen=True)
class Thing:
    """name: what a writer calls it. names: every singular name. signs: words that hint at it. mass: takes no article."""

    name: str
    names: tuple[str, ...]
    signs: frozenset[str]
    mass: bool = False

    @property
    def plural(self) -> str:
        return self.name if self.mass or self.name in PLURAL_ONLY else by_rule(self.name, "NNS")


_NEUTRAL = """person people someone somebody anyone everyone player crowd group family couple friend others they them their
 audience spectator team rider surfer skier biker climber skater skateboarder snowboarder cyclist bicyclist swimmer runner
 performer dancer musician worker student adult teenager teen tourist onlooker passenger pedestrian hiker jogger athlete
 racer driver owner officer soldier singer artist band couples pair vendor human diver kayaker rafter wrestler boxer
 gymnast cheerleader individual bystander member fan citizen shopper protester parent coach referee golfer goalie pitcher
 catcher batter guitarist drummer camper clown pirate costume wakeboarder rollerblader motorcyclist bride groom twins
 snowboarding skateboarding biking parade wedding concert we you i who hand hands arm arms finger fingers face crew class
 photographer competitor opponent teammate partner customer patron resident traveler visitor guest graduate model cook chef
 doctor nurse teacher sibling baby toddler infant kid child children ones santa couple elderly teammates trio duo quartet
 entertainer acrobat juggler cop jockey wrestlers paraglider parachutist skydiver parasailer wearing dressed"""
_PERSON = """man woman boy girl lady guy gentleman male female he she his her him herself himself themselves mother
 father mom dad son daughter brother sister grandfather grandmother husband wife cowboy policeman fireman businessman
 fisherman shirt jacket hat jeans pants dress shorts sunglasses helmet suit coat uniform sweater hoodie scarf gloves boots
 riding rides ridden playground leash thrown throws rodeo sled carriage race crowded market game sitter lap backpack
 shoe glove feet thigh leg shoulder street city trainer handler"""

# name (plural by rule) ; other names ; signs. `*NEUTRAL` and `*PERSON` stand for the two lists above.
_THINGS = """
dog ; puppy pup hound greyhound retriever terrier poodle collie labrador dalmatian bulldog rottweiler doberman husky beagle dachshund pitbull mutt schnauzer corgi chihuahua spaniel pug canine lab doggy ; animal pet pack muzzle leash shepherd bernard creature german dane breed boxer paw tail fur furry mouth it its collar snout bull
cat ; kitten kitty ; animal pet tiger lion leopard feline creature furry
horse ; pony mare stallion foal colt ; animal animals rodeo jockey jockeys equestrian cowboy cowboys cowgirl saddle bronco carriage bull riding rides rider riders buggy polo stable cavalry wagon hooves sleigh
cow ; bull calf ox ; animal cattle herd rodeo livestock buffalo bison horns farm steer
sheep ; lamb ; animal goat goats herd flock ram livestock farm wool
goat ; ; animal sheep herd livestock farm ram horns
bird ; pigeon duck goose swan seagull parrot eagle hawk owl gull crow chicken rooster hen flamingo pelican heron penguin peacock ; animal flock wings feathers beak nest geese flies flying feeding pets zoo dove doves egret crane stork ostrich turkey woodpecker beaks bill
monkey ; ape chimpanzee gorilla ; animal zoo
elephant ; ; animal zoo circus trunk tusks
rabbit ; bunny ; animal hare pet rodent
bear ; ; animal cub zoo grizzly polar teddy
pig ; piglet hog ; animal livestock farm boar
man ; guy gentleman businessman policeman fisherman fireman groom father dad grandfather ; he him his himself male males beard bearded mustache boy boys dude bald shirtless santa cowboy old mohawk son brother husband *NEUTRAL
woman ; lady bride mother mom grandmother ; she her herself female females girl girls bikini skirt dress daughter sister wife ladies *NEUTRAL
child ; kid boy girl toddler baby infant ; young little son daughter youth small teenage *NEUTRAL
person ; man woman boy girl child ; *PERSON *NEUTRAL
bicycle ; bike tricycle unicycle ; biker bikers biking bicyclist bicycling cyclist cycling bmx wheelie pedal pedals ride rides riding rider riders race racing motorcycle motorbike motorcyclist dirtbike wheel wheels handlebars helmet trick tricks ramp
motorcycle ; motorbike moped dirtbike ; motorcyclist motocross bike bikes biker bikers ride rides riding rider riders race racing racer racers scooter atv helmet wheelie vespa quad wheels
skateboard ; ; skateboarder skateboarders skateboarding skater skaters skating skates skate board boarder boarding longboard ramp trick tricks rail grind grinds grinding halfpipe handrail jumps stunt
scooter ; ; vespa ramp moped motorbike motorcycle ride rides riding trick tricks
car ; jeep taxi sedan convertible suv ; vehicle truck van traffic street road city parking highway driveway drive drives driving race racing racetrack garage intersection curb cars automobile auto autos coupe vw volkswagen crash downtown sidewalk alley bus cab race nascar rally window seat
truck ; lorry pickup ; vehicle traffic street road city parking highway drive drives driving jeep van trailer suv construction car monster dump
bus ; ; vehicle traffic street road city station passenger passengers public van transit stop
train ; locomotive ; subway track tracks station railroad railway rail rails platform tram transit trolley passengers
airplane ; plane jet helicopter aircraft ; airport aviation flying flies sky flight pilot glider aeroplane biplane
boat ; kayak canoe raft ship sailboat motorboat rowboat ; kayaking kayaker canoeing rafting rafters rapids row rowing rows paddle paddles paddling sail sailing dock pier harbor marina vessel yacht ferry oars ocean lake fishing gondola water boating river skiing waterskiing wakeboarding wakeboard tubing tube sea jetski
surfboard ; ; surf surfs surfer surfers surfing board boards boarding wave waves boogie bodyboard wakeboard wakeboarding windsurfer windsurfing parasailing
ball ; football basketball soccer baseball softball volleyball ; tennis game games play plays playing player players catch catches catching fetch fetches fetching toy toys throw throws throwing thrown kick kicks kicking goal match golf hockey rugby polo pitch pitcher pitches bat bats dribble dribbles dribbling racket racquet team juggle juggles juggling bowling cricket hoop hoops score pong sport sports orb sphere bounce bounces bouncing lacrosse object something mouth teammate opponent toss tosses pool tag court dunk goalie quarterback tackle tackled tackles
frisbee ; disc disk ; play plays playing fetch fetches fetching catch catches catching toy toys object something mouth throw throws throwing jumping jumps midair air leaps leaping flying game
kite ; ; string kiteboarding kitesurfing parasailing parasail windsurfer parachute flying sky
guitar ; ; band instrument instruments music musician musicians guitarist concert stage play plays playing perform performs performing singer singing sings banjo bass rock ukulele perform rockers
drum ; ; drummer drums drumming band instrument instruments music musician musicians concert percussion parade play plays playing perform performing stage
violin ; fiddle cello ; violinist band instrument instruments music musician musicians concert bow orchestra play plays playing perform
piano ; keyboard ; pianist instrument music musician musicians concert band play plays playing
bench ; ; seat seated sit sits sitting bleachers resting rests lays laying lying lies sleeping sleeps park chair chairs stop waiting waits wait table tables
chair ; stool armchair recliner rocker ; seat seats seated sit sits sitting furniture lounging table tables desk restaurant cafe room wheelchair lawn stands office dinner lounge
couch ; sofa loveseat futon ; furniture seat seated sit sits sitting room living lounging cushion cushions lays laying lying lies sleeping sleeps chair pillow pillows
bed ; mattress ; bedroom blanket blankets pillow pillows sleep sleeps sleeping asleep sheets lays laying lying crib bunk hospital hammock cot
table ; desk counter ; restaurant cafe dinner eating eats eat food meal kitchen furniture dining office desk room drink drinks drinking party picnic
tent ; ; camp camping campsite campers canopy shelter circus fair market festival tarp
umbrella ; parasol ; rain rainy raining shade canopy beach patio cafe
book ; magazine ; read reads reading library writing study studying pages notebook bookstore newspaper novel bible
newspaper ; ; read reads reading magazine paper news book
phone ; cellphone telephone ; call calling calls talking talks talk cell texting mobile speaking conversation camera device picture pictures photo photos photograph photographs photographing selfie
bottle ; ; drink drinks drinking beer water wine alcohol beverage soda bar picnic cup glass
flag ; banner ; parade american patriotic pole country protest
statue ; sculpture monument ; memorial figure stone fountain art bronze museum
fountain ; ; water splash splashing spray sprays plaza sprinkler sprinklers jets
swing ; ; swings swinging playground rope tire park hammock chains
trampoline ; ; bounce bounces bouncing jump jumps jumping flip flips flipping net backyard
fire ; bonfire campfire flame ; smoke burning burn flames lit candle candles grill fireworks camp camping torch sparks fireman firefighters fireplace match explosion glowing
camera ; ; photo photos photograph photographs photographer photographers picture pictures pose poses posing film filming tripod video lens shot shoot camcorder tourist tourists
bridge ; ; river creek stream overpass walkway crossing rail railing boardwalk dock pier structure
stick ; branch twig ; wood pole fetch fetches fetching play plays playing object something mouth carrying carries chew chews chewing toy toys bat hockey lacrosse rod log logs ski poles tree trees woods forest
balloon ; ; party birthday parade inflatable inflated bubble bubbles carnival clown
bone ; ; chew chews chewing mouth treat object something toy eats eating
towel ; ; beach pool swim bath blanket cloth dry
water ; lake ocean sea pool river pond creek stream wave waterfall puddle surf rapids ; waters fountain beach swim swims swimming swimmer swimmers surfing surfer surfers wade wades wading boat boats kayak kayaking canoe raft rafting shore shoreline coast wet splash splashes splashing splashed dock pier dive dives diving diver fishing fish sail sailing hose sprinkler sprinklers spray sprays rain bath bay harbor marsh bank island wetsuit underwater snorkel tub paddle paddling paddles rowing wakeboarding waterskiing bottle drink drinks drinking bridge swamp flood ice snow slide tide shallow aquatic sand dune surfboard surfs duck ducks floats floating float shower washing bathing jetski tide inner tube innertube raft cove waterside seaside sandy coastal
snow ; ; snowy ski skis skiing skier skiers snowboard snowboarder snowboarders snowboarding sled sleds sledding sledder snowball snowballs snowman snowsuit snowmobile winter ice icy frozen mountain mountains slope slopes cold snow-covered white powder avalanche snowbank glacier mountaintop alps blizzard tubing snowshoes peak drift flakes
grass ; lawn meadow pasture ; field park grassy yard backyard garden green hill hillside golf soccer baseball football farm outdoor outdoors plants weeds hay leaves countryside trail path woods forest jungle rugby lacrosse greenery picnic frisbee prairie outside brush bush bushes foliage flower flowers campground camping plain ground sprinkler sheep cow course clearing
sand ; ; beach sandy dune dunes desert shore volleyball sandbox coast ocean seaside sea shoreline dirt castle dust island
mud ; ; muddy dirty dirt puddle wet motocross swamp atv messy
beach ; ; sand sandy ocean sea shore shoreline coast wave waves surf surfer surfing seaside dune water waters boardwalk lake tide surfboard island river
street ; road avenue highway ; car cars traffic sidewalk city urban bus truck corner alley curb town crosswalk driveway parking parade intersection bike biker path motorcycle pavement downtown paved asphalt lane bicycles taxi outside race track concrete neighborhood block market store vehicle walkway
forest ; woods wood jungle ; wooded trees tree trail path woodland leaves foliage camping branch park nature hike hiking mountain countryside outside log bush bushes greenery grove
desert ; ; sand dune dunes sandy dry arid beach camel dirt barren landscape terrain rocky
kitchen ; ; cook cooking cooks food oven stove sink counter refrigerator indoors chef bake baking room restaurant table house home dishes apron eating
restaurant ; cafe diner ; bar eat eats eating food dinner lunch meal table tables bar drink drinks waiter waitress patio dining indoors pub room counter cup beer drinking party bistro menu kitchen
mountain ; cliff peak hill ; hills hillside mountainside slope climb climbs climbing climber climbers hike hikes hiking hiker hikers ski skiing snowboarding rocky rock rocks canyon valley summit landscape mountaintop ridge terrain top view overlooking ledge boulder cliffside range snowy snow trail high steep snowboarder skier downhill
stage ; ; perform performs performing performer performers concert band show dance dances dancing dancer dancers singing sings singer theater play microphone audience onstage music musician musicians crowd guitar platform spotlight
hat ; cap beanie sombrero ; headband bandanna hood helmet headdress headscarf hats turban visor headgear crown costume cowboy winter bonnet santa beret fedora uniform baseball wig bandana kerchief
helmet ; ; bike biker bicycle motorcycle motorcyclist football hockey climbing climber race racing racer gear protective hat hard skateboarder baseball batter cyclist uniform snowboarder skier kayak rafting equipment rider knight headgear horse player goggles
shirt ; t-shirt tshirt tee jersey blouse sweatshirt sweater ; top jacket hoodie coat shirtless tank polo vest uniform outfit clothes clothing
dress ; gown ; skirt outfit costume dressed clothing bride robe kimono sundress princess toga wedding
wetsuit ; ; suit surf surfer surfing diver diving scuba swim swimsuit wakeboard kayak black outfit trunks surfboard wave water
robe ; bathrobe kimono ; gown monk costume dress karate toga outfit cloak towel
jeans ; ; jean denim pants blue trousers clothes clothing
shorts ; ; trunks swimsuit bathing short skirt pants bottoms swim jean uniform jersey soccer clothes clothing outfit
apple ; ; fruit eating eats food snack
sandwich ; burger hamburger ; eating eats food lunch hotdog bread snack meal
cake ; cupcake ; birthday dessert pastry eating eats food party candle candles frosting wedding
pizza ; ; slice slices pepperoni eating eats food meal restaurant pizzeria italian dough
candle ; ; candles birthday cake lit flame flames wax church fire lantern romantic altar
banana ; ; fruit eating eats food snack
tree ; palm pine oak ; forest woods wood wooded branch leaves park log trunk jungle bush bushes plants garden outdoors outside field hill yard path trail mountain
building ; house church tower skyscraper ; city street wall window town urban store shop door doorway roof home downtown castle temple brick restaurant barn structure shed apartment architecture bridge monument sidewalk
wall ; ; brick building climbing fence graffiti house climber climbs climb room stone mural painting rock structure
fence ; gate railing ; wall fenced barrier yard pen enclosure rail post wire chain link barricade
log ; ; wood wooden tree trees branch forest beam stump obstacle trunk board
hurdle ; ; obstacle jump jumps jumping bar agility pole barrier fence beam course race track
sled ; sleigh toboggan ; sledding sledder sledders sleds tubing tube inner ski skis skiing skier snowboard snowboarding snowmobile ride rides riding board slides sliding equipment downhill
snowman ; ; snow snowball snowballs build builds building figure statue
laptop ; computer ; typing keyboard desk working works work office screen electronic monitor
television ; tv ; watch watches watching screen video game games controller living
referee ; umpire ; official officials judge game match hockey boxing wrestling black-and-white striped
trophy ; ; cup award prize winner winners wins medal celebrates celebrating celebrate ceremony champion object
cheerleader ; ; cheer cheering cheers pom poms pompoms dancers dancer uniform uniforms squad
slide ; waterslide ; slides sliding playground inflatable chute ramp equipment
rock ; boulder ; rocks rocky cliff mountain climb climber climbing climbs stone canyon ledge waterfall hill steps
field ; ; grass grassy lawn meadow yard park farm game soccer football baseball green plain pasture outside outdoors
park ; ; playground outside outdoors bench path grass
jacket ; coat hoodie ; shirt sweater clothes outfit suit vest uniform
suit ; tuxedo ; jacket clothes outfit uniform
swimsuit ; bikini ; bathing trunks suit
biker ; cyclist bicyclist ; bike bicycle bmx motorcycle motorcyclist motorbike rider racer biking cycling
skateboarder ; ; skateboard skateboarding skater skating skates boarder rider
skier ; ; ski skis skiing snowboarder
surfer ; ; surf surfs surfing surfboard rider boarder wakeboarder
climber ; ; climb climbs climbing hiker hikers mountaineer
snowboarder ; ; snowboard snowboarding boarder skier rider
dancer ; ballerina ; dance dances dancing performer performers
""".strip()
_MASS = {"water", "snow", "grass", "sand", "mud", "fire"}


def _read_things() -> dict[str, Thing]:
    lists = {"*NEUTRAL": _NEUTRAL.split(), "*PERSON": _PERSON.split()}
    things = {}
    for line in _THINGS.splitlines():
        name, others, signs = (part.split() for part in line.split(";"))
        names = (*name, *others)
        words = [word for sign in signs for word in lists.get(sign, [sign])]
        expanded = {form for word in (*names, *words) for form in (word, by_rule(word, "NNS"))}
        things[name[0]] = Thing(name[0], names, frozenset(expanded), name[0] in _MASS)
    return things


#: Every thing that can be denied, called absent or put in another's place. Signs include names and plurals.
THINGS = _read_things()

#: word -> (thing, is it a plural): what a text names outright.
NAMES: dict[str, tuple[str, bool]] = {}
for _thing in THINGS.values():
    for _name in _thing.names:
        # A later row may repeat a word as a wider name ("boy" under child, then person): the first, narrow one stays.
        NAMES.setdefault(_name, (_thing.name, _name in PLURAL_ONLY))
        if _name not in PLURAL_ONLY:
            NAMES.setdefault(by_rule(_name, "NNS"), (_thing.name, True))

#: word -> the things that it names or hints at.
SIGNS: dict[str, frozenset[str]] = {}
for _thing in THINGS.values():
    for _word in _thing.signs:
        SIGNS[_word] = SIGNS.get(_word, frozenset()) | {_thing.name}

#: Things people would mention if they were there: safe to call absent, and sensible to deny.
DENIABLE = tuple(
    name
    for name in THINGS
    if name
    in words(
        """dog cat horse cow sheep goat bird man woman child person bicycle motorcycle skateboard car truck bus
        train airplane boat surfboard ball frisbee kite guitar drum bench couch bed tent umbrella book phone
        statue fountain swing trampoline fire bridge stick balloon water snow"""
    )
)
