//! What the demo site says, as tables: the spiders of the guide, the goods of the store, the entries of the journal.
//! Prices are in cents. Nothing here knows about markup or paths beyond the last segment (`slug`).

/// One spider of the field guide.
#[derive(Debug)]
pub(super) struct Species {
    pub(super) slug: &'static str,
    pub(super) name: &'static str,
    pub(super) latin: &'static str,
    pub(super) millimetres: &'static str,
    pub(super) habitat: &'static str,
    pub(super) text: &'static str,
}

/// One article of the store.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) slug: &'static str,
    pub(super) sku: &'static str,
    pub(super) name: &'static str,
    pub(super) cents: u32,
    pub(super) stock: u32,
    pub(super) category: &'static str,
    pub(super) text: &'static str,
}

/// One entry of the journal.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) slug: &'static str,
    pub(super) date: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

const fn species(
    slug: &'static str,
    name: &'static str,
    latin: &'static str,
    millimetres: &'static str,
    habitat: &'static str,
    text: &'static str,
) -> Species {
    Species { slug, name, latin, millimetres, habitat, text }
}

#[rustfmt::skip]
pub(super) const SPECIES: [Species; 10] = [
    species("lycosa-tarantula", "Tarantula wolf spider", "Lycosa tarantula", "19–30", "dry, stony grassland",
        "The spider of the old dance. She lines a shaft as long as a hand with silk, builds a low rim of twigs about its mouth and sits there with her front legs in the last of the sun."),
    species("hogna-radiata", "Radiated wolf spider", "Hogna radiata", "12–25", "vineyards and warm slopes",
        "Broad rays run over her back like light through a door. She has no fixed house; any stone will do for a day."),
    species("pardosa-amentata", "Spotted wolf spider", "Pardosa amentata", "5–8", "ditches, gardens, damp meadows",
        "The first one most people meet: it suns itself on the doorstep in April, a pale egg sac at its tail."),
    species("pardosa-lugubris", "Forest-edge wolf spider", "Pardosa lugubris", "4–6", "leaf litter at the edge of woods",
        "Listen on a warm, still day in spring: the males drum on dry leaves, and a hundred of them sound like light rain."),
    species("trochosa-terricola", "Ground wolf spider", "Trochosa terricola", "7–14", "heath and open woodland",
        "A patient brown animal that hunts by night and spends the day beneath a log, often the same log for a year."),
    species("pirata-piraticus", "Pirate wolf spider", "Pirata piraticus", "4–9", "pond margins and bogs",
        "It walks on water as if it were a lawn, and goes under it, wrapped in a bubble, when a shadow passes."),
    species("alopecosa-pulverulenta", "Dusty fox spider", "Alopecosa pulverulenta", "5–10", "short grass",
        "A grey stripe down the middle, dusted at the edges. In May it is everywhere and in August nowhere."),
    species("arctosa-cinerea", "Shingle bear spider", "Arctosa cinerea", "12–17", "gravel banks of rivers",
        "She wears the colours of wet pebbles and closes her silk tube from within when the river rises."),
    species("xerolycosa-nemoralis", "Clearing wolf spider", "Xerolycosa nemoralis", "4–8", "burnt ground and dry clearings",
        "One of the first to arrive where a fire has been, pale as ash along its back."),
    species("aulonia-albimana", "White-handed wolf spider", "Aulonia albimana", "3–5", "warm, mossy grassland",
        "The exception: small, with white palps, and the only one of our neighbours that spins a sheet to hunt on."),
];

const fn product(
    slug: &'static str,
    sku: &'static str,
    name: &'static str,
    cents: u32,
    stock: u32,
    category: &'static str,
    text: &'static str,
) -> Product {
    Product { slug, sku, name, cents, stock, category, text }
}

#[rustfmt::skip]
pub(super) const PRODUCTS: [Product; 24] = [
    product("hand-lens", "WS-101", "Hand lens, ten times", 1850, 42, "optics", "Folds into its own brass case. Hold it at the eye, not at the spider."),
    product("night-lamp", "WS-102", "Night-walk lamp", 3990, 17, "optics", "A warm beam with a clip for the temple, so that eyes shine back."),
    product("red-filter", "WS-103", "Red filter for the lamp", 450, 120, "optics", "For watching a burrow without being noticed."),
    product("pocket-scope", "WS-104", "Pocket microscope", 5600, 0, "optics", "Sixty times, with a small light of its own. Back in spring."),
    product("burrow-mirror", "WS-105", "Burrow mirror", 1275, 8, "optics", "A dentist's mirror with a longer handle, for looking round corners politely."),
    product("field-notebook", "WS-201", "Field notebook", 990, 230, "paper", "Ninety-six pages that may be written on in the rain."),
    product("count-sheets", "WS-202", "Count sheets, pad of fifty", 640, 75, "paper", "One evening a sheet: weather, paces, sparks."),
    product("meadow-map", "WS-203", "Map of the meadow", 1200, 31, "paper", "Drawn by Marek. Every stone that matters is on it."),
    product("eye-chart", "WS-204", "Eye chart: who is looking?", 1500, 12, "paper", "The eight eyes of twenty families, as a poster."),
    product("postcards", "WS-205", "Postcards, set of eight", 720, 88, "paper", "Eight spiders, eight moods, no webs."),
    product("wax-pencil", "WS-206", "Wax pencil", 180, 400, "paper", "Writes on stones, jars and the side of the shed."),
    product("catch-cup", "WS-301", "Catch cup with slide", 830, 64, "tools", "For carrying a guest from the bath to the garden."),
    product("soft-brush", "WS-302", "Soft brush", 310, 150, "tools", "Badger-free. Persuades without pushing."),
    product("soil-thermometer", "WS-303", "Soil thermometer", 1940, 9, "tools", "Reads at burrow depth, twenty centimetres down."),
    product("rain-gauge", "WS-304", "Rain gauge", 1460, 22, "tools", "Glass, with marks a child can read."),
    product("folding-stool", "WS-305", "Folding stool", 3450, 5, "tools", "Low enough to see what a spider sees."),
    product("pace-counter", "WS-306", "Pace counter", 1120, 33, "tools", "Clicks each time you do."),
    product("twig-rim-kit", "WS-307", "Twig rim kit", 560, 41, "tools", "Build the porch of a burrow and see who moves in."),
    product("wool-hat", "WS-401", "Wool hat, moss green", 2900, 14, "clothing", "Knitted in the valley. Covers the ears at four in the morning."),
    product("night-gloves", "WS-402", "Night gloves", 2350, 0, "clothing", "Thin enough to turn a page. The next knitting is in autumn."),
    product("station-scarf", "WS-403", "Station scarf", 3150, 19, "clothing", "Brown and grey, with the rays of Hogna radiata."),
    product("enamel-mug", "WS-501", "Enamel mug", 1380, 56, "house", "Holds tea, chipped edges included later."),
    product("door-stop", "WS-502", "Slate door stop", 990, 27, "house", "Found on the hillside, polished on one side only."),
    product("honey", "WS-503", "Hillside honey & thyme", 875, 48, "house", "From Oriol's four hives. The bees have been told about the spiders."),
];

const fn entry(slug: &'static str, date: &'static str, title: &'static str, text: &'static str) -> Entry {
    Entry { slug, date, title, text }
}

#[rustfmt::skip]
pub(super) const ENTRIES: [Entry; 9] = [
    entry("first-frost", "2024-11-03", "First frost", "The rim stones were white and every burrow shut. We counted none, which is also a count."),
    entry("last-walk", "2024-10-19", "The last walk of the year", "Eleven guests, forty sparks, one fox. The fox was not impressed."),
    entry("goats", "2024-09-08", "On goats", "They have eaten the count sheets for August. Ilse had copies; Ilse always has copies."),
    entry("four-hundred-and-twelve", "2024-08-16", "Four hundred and twelve", "A record for a single evening, with a half moon and no wind. Marek lost his place twice and began again twice."),
    entry("moving-house", "2024-07-21", "A spider moves house", "She carried nothing. She walked nine metres, tried three holes, and took the one we had sat beside all week."),
    entry("young-ones", "2024-06-30", "Riding on the back", "Some sixty young on one mother. When she runs they hold on to each other, and when she stops they look about."),
    entry("drumming", "2024-05-12", "Drumming in the leaves", "It sounded like rain. We put up our hoods before we understood."),
    entry("river-high", "2024-04-27", "The river is high", "The shingle bears have closed their doors. We measured the water and left them to it."),
    entry("lamp-oil", "2024-03-30", "New lamps", "The old ones dazzled everybody but the spiders. The new ones are dimmer and we see more."),
];
