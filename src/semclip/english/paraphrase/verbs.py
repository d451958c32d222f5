"""Verbs of captions in their forms."""

from semclip.english import lexicon
from semclip.english.inflection import VOWELS, ing_form, third_form, words

_MORE = words(
    """do have say see know seem appear consist contain belong want need like love lead lie overlook depict feature
    start begin keep let help stay remain continue finish end bring buy sell send spend lose win beat break
    build choose cheer become feel find forget freeze grow hear hide hurt learn mean pay ring rise set shut sink
    slip sniff snow speed spit spread spring steal strike swear tear teach tell think throw wake windsurf kayak
    canoe kiteboard wakeboard parasail rollerskate waterski skydive tumble somersault twirl whirl circle
    surround approach attack bat batter bathe beg blow bob bow box brace burn bury button call camp cast check
    chat chop clasp clean climb close clutch collect comfort consume construct cover cradle crash create cruise
    curl dangle dart dash decorate deliver demonstrate descend dip direct display dodge doze dress drift drip
    drop dunk dust embrace emerge engage entertain escape examine exchange exercise exit explain explore extend
    face fall fasten fill film fix flap flash flex flow fold frolic gaze gesture glide grab graze greet grill
    grip groom growl guard guide hammer hand handle head heal herd hold hoist hop hose hover huddle hurl inflate
    inform inspect instruct interact intertwine investigate kneel knit lap lasso lean lecture light line load
    lock loiter look lounge maneuver manoeuvre massage measure mix mount mop motorcycle munch nibble nurse
    observe offer open operate order pack parachute park pass pat pause peek peel perch photograph pick pile
    pitch place plan plant pluck point polish pop pose pound pour practise pray present press pretend proceed
    punch purchase rake ram rappel rear receive recline record reel release relieve repair rescue return ride
    roast rock romp rub rush salute saw scale scoop scoot score scratch scrub search seat separate serve sew
    shade shake share shave shine shovel shower sift signal sip sketch skid skim slam slap slice slouch slurp
    smash smell snap snarl snort snorkel soak soar solder spar spear spill splatter spot spray sprawl sprint spy
    squeeze squint stack stage stalk steer step stir stoop straddle strap stretch stride string stroke strum
    struggle study stuff stumble style support surf survey suspend swallow sway swap swat swoop tag tap taste
    taunt tease tend test text tickle tightrope tilt tip touch tour tow travel traverse tread trim trip trudge
    trust try tug turn twist type unload use vault view visit wade wait wander warm watch weave weld wield
    wiggle wipe wrap yank yawn zip stare slide play swing lift rock-climb tackle burst videotape wrangle
    challenge guzzle grapple blast battle launch fiddle protect encourage mow strut assemble anticipate peak
    reflect jetski jet-ski flutter nestle backpack bound overshadow fly-fish accept propel rally achieve add
    adorn announce appreciate argue auction avoid bark bowl brake brandish bump bundle bunt calculate captain
    caress change chip chomp clear clip clutter collapse collide comb compare complete conquer contemplate
    control crave crease crouch decide defend design disappear discover disembark dismount distribute doodle
    drench drill duck ease edge eject enact erect exhibit expose fade fan figure file form freefall gain gallop
    gather glare grimace gulp hail hike hunch ice illuminate imitate infiltrate iron jet join journey judge jut
    juggle kid kiss leash levitate linger link loom lug march marvel meander melt mimic motion muse nail
    navigate nip nudge obtain occupy ollie organize overtake own paw pedal peep peruse piss plummet pounce
    precede preach print produce propose pry pump puncture pursue quarrel react recover rehearse remove repel
    respond root roughhouse round ruffle sample savor scrape sculpt scuffle seek select shoulder shove shred
    shuffle size slalom slant slump smooth smother snack snatch soothe sound sponsor squabble squat squirm stash
    steady store strain stray strip submerge subdue suit tan telephone tire trace track trade trail transport
    trap trek twiddle unfold vacuum veer vend volunteer wag wax welcome whack wheelie whip windmill wonder
    wrestle yelp attend admire applaud adjust arrange ascend assist await balance bend block board bounce
    breastfeed browse care chew claw cling coach compete concentrate conduct converse crack cram crowd cuddle
    curve deal dock drum eye feast fetch fidget flee flick fling gnaw grasp groan grumble harvest haul hitch
    hoot howl jam jostle jog joke jump knead knock lay lunge lurch mask meditate mingle model nuzzle outstretch
    pace peddle perform piggyback pin pivot plow plough plunge poke prance preen prepare protest prowl race
    raft ramble recite relax resemble retrieve roam roar rotate row rummage saunter scamper scatter scream
    scurry shelter shield shiver shop sightsee skip slither sled snooze socialize solve spin splash spoon squirt
    stab stagger stomp stroll suck swerve tangle tank thrash thrust toast toboggan tote tramp trick trot
    unicycle unwrap wail wallow wheel whisper whistle wind wink wobble scold sport shear interview lope
    paraglide roller-skate water-ski participate tussle duel scuttle cavort group engulf breathe puff bare zoom
    advance inhale exhale clench grin smirk wince blink cough sneeze hum outline sunbathe backflip cartwheel
    swish swirl swoosh whiz dribble scrimmage pant drool hurtle careen skitter tromp traipse amble mosey creep
    sneak tiptoe laze drowse slumber curtsy high-five crochet stitch chisel carve whittle scribble dial peer
    gawk ogle haggle bargain barter hawk busk chant yodel narrate worship genuflect wed marry graduate celebrate
    chug devour dine picnic barbecue bake fry boil whisk dice grate mash ladle sprinkle garnish rinse hang
    launder prune forage scramble bang hustle act picket mill ignore
    interact yell vie mug clown fool cheerlead parachute solicit ward raft kayak mush smack huddle trudge tee parasurf
    lower picnic sweep braid paint stencil vandalize deface"""
)

_DOUBLED = words(
    """sled repel propel rappel chat strum slam tap trot rub snap spit bat dip wrap strip tip plan knit squat
    begin let win scrub chop mop trim
    pin plug ship stir strap swat tag tug zip bob pop prop spot split grip jam slip trip skid scan step strut scrap
    tan wed hem pat ram beg sun swap skim flap cram trek spar hum chug grin grab drum set shut drop
    stop snag"""
)
_PARTICIPLES = {
    "ride": "ridden", "throw": "thrown", "hold": "held", "catch": "caught", "eat": "eaten", "drink": "drunk",
    "wear": "worn", "drive": "driven", "hit": "hit", "cut": "cut", "take": "taken", "make": "made", "give": "given",
    "see": "seen", "do": "done", "write": "written", "read": "read", "build": "built", "blow": "blown",
    "draw": "drawn", "lead": "led", "feed": "fed", "bite": "bitten", "shake": "shaken", "swing": "swung",
    "fly": "flown", "put": "put", "shoot": "shot", "sweep": "swept", "sell": "sold", "bring": "brought",
    "buy": "bought", "fight": "fought", "hang": "hung", "keep": "kept", "leave": "left", "meet": "met",
    "sing": "sung", "spin": "spun", "stick": "stuck", "strike": "struck", "tear": "torn", "wind": "wound",
    "show": "shown", "break": "broken", "hide": "hidden", "freeze": "frozen", "spread": "spread", "set": "set",
    "run": "run", "get": "got", "come": "come", "go": "gone", "sit": "sat", "stand": "stood", "lie": "lain",
    "lay": "laid", "bend": "bent", "fall": "fallen", "swim": "swum", "sleep": "slept", "have": "had",
    "let": "let", "win": "won", "lose": "lost", "find": "found", "teach": "taught", "light": "lit", "weave": "woven",
    "string": "strung", "kneel": "knelt", "saw": "sawn", "fling": "flung", "grind": "ground",
}  # fmt: skip


def _ing(verb: str) -> str:
    if verb.endswith("ic"):
        return verb + "king"  # frolicking
    if verb.endswith(("ee", "oe", "ye")):
        return verb + "ing"  # canoeing
    return verb + verb[-1] + "ing" if verb in _DOUBLED else ing_form(verb)


def _participle(verb: str) -> str:
    if verb in _PARTICIPLES:
        return _PARTICIPLES[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in VOWELS:
        return verb[:-1] + "ied"
    return _ing(verb)[:-3] + "ed"


VERBS = lexicon.BASE_FORMS | _MORE
THIRD = {{"have": "has", "do": "does"}.get(verb, third_form(verb)): verb for verb in sorted(VERBS)}
ING = {_ing(verb): verb for verb in sorted(VERBS)}
#: Written with one letter too few or many, or in British spelling.
ING |= {"laying": "lie", "jogging": "jog", "travelling": "travel", "cyling": "cycle", "practising": "practice"}
ING_OF = {verb: _ing(verb) for verb in sorted(VERBS)}
THIRD_OF = {verb: third for third, verb in THIRD.items()}
PARTICIPLE_OF = {verb: _participle(verb) for verb in sorted(VERBS)}
PARTICIPLES = {participle: verb for verb, participle in PARTICIPLE_OF.items()} | {"dressed": "dress", "clad": "clothe"}
#: Verbs that say how things are: "A path leads home" is not "A path is leading home".
STATIVE = words("""have seem appear consist contain belong want need like love feature know mean resemble see hear""")

# "A boy being pushed": the one verb whose finite forms are no inflections of its base.
ING["being"] = "be"
ING_OF["be"] = "being"


def finite(verb: str, plural: bool) -> str:
    """The form behind a subject: runs, run; is, are."""
    if verb == "be":
        return "are" if plural else "is"
    return verb if plural else THIRD_OF[verb]
