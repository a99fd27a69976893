"""The few hundred English words whose sense decides whether two questions ask the same."""

from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _groups(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.split(";")))


def _folded(text: str) -> dict[str, str]:
    """Map each word of a group to the group's first."""
    return {word: group.split()[0] for group in _groups(text) for word in group.split()}


def _opposed(text: str) -> frozenset[tuple[str, str]]:
    """Pair each word on one side of a group's bar with each on the other."""
    sides = [[side.split() for side in group.split("|")] for group in _groups(text)]
    return frozenset((one, other) for left, right in sides for one in left for other in right)


def _spoken(tongues: dict[str, str]) -> dict[str, list[str]]:
    words = {word for text in tongues.values() for word in text.split()}
    return {word: [tongue for tongue, text in tongues.items() if word in text.split()] for word in words}


MODIFIERS = _words("""
    really truly literally actually currently indeed somehow basically certainly definitely honestly simply exactly
    seriously totally completely absolutely possibly probably perhaps maybe apparently obviously generally usually
    still already now just even ever very quite rather please kindly also too
""")
"""Words that may come and go without changing what is asked."""

ARTICLES = _words("a an the")
AUXILIARIES = _words("be is am are was were been being do does did done doing will would")
PREPOSITIONS = _words("to from in on at by for with about into of than over under before after")
CONJUNCTIONS = _words("and or nor vs versus")

_CLIPPED = frozenset(f"{word}nt" for word in _words("ca do does did is are was wo could should would have has had ai"))
NEGATORS = _CLIPPED | _words("""
    not no never without nor neither non nobody nothing nowhere cannot hardly barely unable fail lack
""")
DIMINISHERS = _words("less least fewer")
MALE = _words("he him his himself")
FEMALE = _words("she her hers herself")
SPEAKER = _words("i me my mine myself we us our im")
POINTING = SPEAKER | MALE | FEMALE | _words("this that these those them they such here there")
QUESTION_WORDS = _folded("who whom whose; what which; when; where; why; how")
MEASURED = _words("many much long old far often tall big")

FUNCTION = (
    MODIFIERS | ARTICLES | AUXILIARIES | CONJUNCTIONS | NEGATORS | DIMINISHERS | POINTING | QUESTION_WORDS.keys()
    | (PREPOSITIONS - {"before", "after"}) | _words("""
    you your yours yourself it its their theirs one ones someone anyone everyone somebody anybody something anything
    have has had having can could shall should may might must ca wo sha ought onto as if then so but because while
    more most much many few some any each every both either all s t d m ll ve re get got give tell know want need
    like make let think say mean help way thing kind sort lot today only pretty hi hello hey thanks thank sir dear
    ok yes etc eg ie good best better well easy easiest during up out off between simultaneously among through
    per via upon whether according
    """)
)  # fmt: skip
"""Words that carry little of what is asked; some of them are looked at by themselves."""

SYMMETRIC = _words("""
    marry dating engaged related friend live sleep same age size height sibling cousin neighbor twin meet
""")
"""Relations that hold both ways, if they hold."""

PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non", "anti")
CHANGING = _words("become becoming became formerly turning")

_TONGUES = {
    "en": "the is and what how i my to of do does can in for are a",
    "de": "der die das ist und nicht wie ich ein eine für mit was wo wann warum kann mein meine zu auf",
    "fr": "le la les est et je une des pour avec que comment où quand pourquoi mon ma mes du dans puis",
    "es": "el los las es y una por con qué cómo dónde cuándo cuál mi puedo del para",
    "it": "il gli è e una per con che come dove quando perché mio mia posso della di",
    "pt": "o os as é e uma por com que como onde quando minha posso não do da",
    "nl": "de het is en een voor met wat waar hoe ik mijn niet kan op",
}
TONGUES = _spoken(_TONGUES)
"""The tongues that each of their commonest words belongs to."""

MONTHS = _folded("""
    january jan; february feb; march; april apr; may; june jun; july jul; august aug; september sept sep; october oct;
    november nov; december dec
""")

DAYS = _words("monday tuesday wednesday thursday friday saturday sunday yesterday today tomorrow tonight")
_NUMERALS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMERALS = {word: str(value) for value, word in enumerate(_NUMERALS, start=2)} | {
    "twenty": "20", "thirty": "30", "fifty": "50", "hundred": "100", "thousand": "1000",
}  # fmt: skip

UNITS = _folded("""
    kilogram kg kgs kilo kilos kilograms; gram g gm gms grams; milligram mg mgs milligrams; microgram mcg
    micrograms; pound lb lbs pounds; ounce oz ounces; kilometre km kms kilometer kilometers kilometres; mile miles;
    metre m meter meters metres; centimetre cm cms centimeter centimeters centimetres; millimetre mm millimeter
    millimeters millimetres; inch inches; foot feet ft; hectare ha hectares; acre acres; litre l liter liters
    litres; millilitre ml; gallon gallons; celsius c; fahrenheit f; kelvin; hour hours hr hrs h; minute minutes min
    mins; second seconds sec secs s; millisecond ms milliseconds; day days; week weeks wk wks; month months; year
    years yr yrs; dollar dollars usd $; euro euros eur €; sterling gbp £ quid; rupee rupees rs inr ₹; yen jpy ¥;
    percent % percentage; gigabyte gb; megabyte mb; terabyte tb; kilobyte kb; mph; kmh kph; watt watts w; kilowatt
    kw kilowatts; kwh; volt volts v; ampere amp amps amperes; hertz hz; khz; mhz; ghz; kbps; mbps; gbps; decibel db
    decibels; calorie calories; kilocalorie kcal kilocalories; joule joules; kilojoule kj kilojoules; am; pm;
    thousand k
""")

IRREGULAR = _folded("""
    sell sold; buy bought; begin began begun; lose lost; find found; keep kept; understand understood; teach taught;
    think thought; bring brought;
    catch caught; make made; say said; pay paid; leave left; feel felt; meet met; send sent; spend spent;
    build built; write wrote written; drive drove driven; eat ate eaten; give gave given; take took taken;
    see saw seen; go went gone; come came; become became; know knew known; grow grew grown; throw threw thrown;
    break broke broken; speak spoke spoken; steal stole stolen; choose chose chosen; fall fell fallen;
    forget forgot forgotten; hide hid hidden; win won; run ran; tell told; hold held; hear heard; kill slain;
    shoot shot; fight fought; fly flew flown; draw drew drawn
""")

SYNONYMS = _folded("""
    buy purchase; start begin commence; stop quit cease; end finish; big large huge enormous;
    small little tiny; quick fast rapid quickly speedy; slow slowly; happy joyful glad cheerful;
    sad unhappy sorrowful; angry furious mad; spiritual religious; secular nonreligious; vocal outspoken;
    thankful grateful; smart intelligent clever; stupid dumb foolish unintelligent; brave courageous bold;
    cowardly fearful timid; humble modest; proud arrogant; scared afraid frightened; rich wealthy affluent;
    poor impoverished; sick ill unwell; friendly kind nice; calm peaceful; anxious nervous; lonely alone;
    organized orderly organised; sincere honest truthful; lively energetic active; lazy idle; strong powerful;
    confident secure; insecure unconfident; beautiful pretty gorgeous attractive; ugly unattractive;
    polite courteous; rude impolite; hard difficult tough; simple easy; strange odd weird; cheap inexpensive;
    expensive costly; safe harmless; dangerous unsafe hazardous; famous renowned; thin skinny slim; fat obese;
    error mistake; movie film; car automobile; phone mobile cellphone smartphone; child children kid;
    picture photo photograph image; job career occupation; improve increase enhance boost; remove delete erase;
    fix repair; learn study; important essential crucial; couch sofa; doctor physician; woman women; man men;
    person people; wife wives; life lives; mouse mice; foot feet; tooth teeth; choose select; reply respond answer;
    country nation
""")

PARTICLES = _words("on off in out up down")
DIRECTIONS = _words("to from")
"""Opposites only beside the same word: both kinds stand in many questions, and mean little there."""

OPPOSITES = _opposed("""
    before | after; happy | sad; proud | humble; active | passive lazy; optimistic | pessimistic;
    positive | negative; good best better | bad evil worse worst; brave | cowardly cautious; polite kind | rude;
    patient | impatient; confident | insecure shy; generous | selfish greedy; lazy | hardworking;
    strong | weak powerless; hope hopeful | hopeless; smart | stupid; calm | anxious angry;
    liberal progressive | conservative; religious | secular atheist; introvert introverted | extrovert extroverted;
    rich | poor; big | small; tall long | short; fast | slow; hot warm | cold cool; young new | old; high | low;
    light | heavy dark; hard | soft; simple | hard complicated complex; open | close closed shut; on | off; in | out;
    up | down; start | stop end; buy | sell; win | lose; love like | hate dislike;
    increase gain rise add improve | decrease lose reduce lower remove lessen;
    accept allow approve permit | reject refuse deny ban forbid;
    enable activate unlock install connect subscribe | disable deactivate lock uninstall disconnect unsubscribe;
    import upload deposit send lend | export download withdraw receive borrow; alive | dead;
    male man boy husband father son brother king | female woman girl wife mother daughter sister queen; fat | thin;
    pretty | ugly; clean | dirty; safe | dangerous; cheap | expensive; public | private; legal lawful | illegal;
    visible | invisible; true right correct | false wrong incorrect; first | last; to | from; early | late;
    maximum | minimum; advantage benefit pro | disadvantage drawback con; success succeed | failure fail;
    always | never; inside | outside; left | right; north east | south west; push | pull; arrive | leave depart;
    credit | debit; domestic | foreign international; married | single; honest | dishonest; single | double multiple
""")
