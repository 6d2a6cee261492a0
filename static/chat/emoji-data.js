// Emoji by group, one a line, each with the words that find it: its Unicode name and a few more.
// Loaded when the picker is opened for the first time.
export const groups = {
  smileys: `
😀 grinning face happy
😂 tears of joy lol laugh
🙂 slightly smiling face smile
😉 winking face wink
😊 smiling smiling eyes happy
😍 smiling heart-shaped eyes love
😘 face throwing a kiss kiss
😎 smiling sunglasses cool
🤔 thinking face hmm
😅 smiling open mouth and cold sweat phew
🤣 rolling on the floor laughing lol rofl
😢 crying face sad
😭 loudly crying face sad cry
😡 pouting face angry
😱 face screaming in fear scared
🥳 party horn and party hat party
🤗 hugging face hug
😴 sleeping face tired
❤️ heavy black heart love
💑 couple with heart
💓 beating heart
💔 broken heart
💕 two hearts
💖 sparkling heart
💗 growing heart
💘 heart with arrow
💙 blue heart
💚 green heart
💛 yellow heart
💜 purple heart
💝 heart with ribbon
💞 revolving hearts
💟 heart decoration
🖤 black heart
😁 grinning smiling eyes
😃 smiling open mouth
😄 smiling open mouth and smiling eyes
😆 smiling open mouth and tightly-closed eyes
😇 smiling halo
😈 smiling horns
😋 face savouring delicious food yum
😌 relieved face
😏 smirking face
😐 neutral face
😑 expressionless face
😒 unamused face
😓 cold sweat
😔 pensive face
😕 confused face
😖 confounded face
😗 kissing face
😙 kissing smiling eyes
😚 kissing closed eyes
😛 stuck-out tongue
😜 stuck-out tongue and winking eye
😝 stuck-out tongue and tightly-closed eyes
😞 disappointed face
😟 worried face
😠 angry face
😣 persevering face
😤 look of triumph
😥 disappointed but relieved face
😦 frowning open mouth
😧 anguished face
😨 fearful face
😩 weary face
😪 sleepy face
😫 tired face
😬 grimacing face
😮 open mouth
😯 hushed face
😰 open mouth and cold sweat
😲 astonished face
😳 flushed face
😵 dizzy face
😶 face without mouth
😷 medical mask
😸 grinning cat smiling eyes
😹 cat tears of joy
😺 smiling cat open mouth
😻 smiling cat heart-shaped eyes
😼 cat wry smile
😽 kissing cat closed eyes
😾 pouting cat face
😿 crying cat face
🙀 weary cat face
🙁 slightly frowning face
🙃 upside-down face
🙄 rolling eyes
🤍 white heart
🤎 brown heart
🤐 zipper-mouth face
🤑 money-mouth face
🤒 thermometer
🤓 nerd face
🤕 head-bandage
🤖 robot face
🤠 cowboy hat
🤡 clown face
🤢 nauseated face
🤤 drooling face
🤥 lying face
🤦 face palm facepalm
🤧 sneezing face
🤨 one eyebrow raised
🤩 grinning star eyes
🤪 grinning one large and one small eye
🤫 finger covering closed lips
🤬 serious symbols covering mouth
🤭 smiling smiling eyes and hand covering mouth
🤮 open mouth vomiting
🤯 shocked exploding head
🥰 smiling smiling eyes and three hearts
🥱 yawning face
🥲 smiling tear
🥴 uneven eyes and wavy mouth
🥵 overheated face
🥶 freezing face
🥷 ninja
🥸 disguised face
🥹 face holding back tears
🥺 pleading eyes
🧐 monocle
🧡 orange heart
🫀 anatomical heart
🫠 melting face
🫡 saluting face
🫢 open eyes and hand over mouth
🫣 peeking eye
🫤 diagonal mouth
🫥 dotted line face
🫶 heart hands
☺️ white smiling face
☹️ white frowning face`,
  people: `
👍 thumbs up yes ok like plus
👎 thumbs down no dislike minus
👋 waving hand hi hello bye wave
👏 clapping hands applause bravo
🙌 person raising both hands in celebration hooray
🙏 person with folded hands please thanks pray
💪 flexed biceps strong
👌 ok hand
✌️ victory hand
👀 eyes look
🤷 shrug shrug
✊ raised fist
✋ raised hand
👂 ear
👃 nose
👄 mouth
👅 tongue
👆 white up pointing backhand index
👇 white down pointing backhand index
👈 white left pointing backhand index
👉 white right pointing backhand index
👊 fisted hand
👐 open hands
👦 boy
👧 girl
👨 man
👩 woman
👪 family
👫 man and woman holding hands
👬 two men holding hands
👭 two women holding hands
👮 police officer
👯 woman with bunny ears
👰 bride with veil
👱 person with blond hair
👲 man with gua pi mao
👳 man with turban
👴 older man
👵 older woman
👶 baby
👷 construction worker
👸 princess
👹 japanese ogre
👺 japanese goblin
👻 ghost
👼 baby angel
👽 extraterrestrial alien
👾 alien monster
👿 imp
💀 skull
💁 information desk person
💂 guardsman
💃 dancer
💄 lipstick
💅 nail polish
💆 face massage
💇 haircut
🖕 reversed hand with middle finger extended
🖖 raised hand with part between middle and ring fingers
🙅 no good gesture
🙆 ok gesture
🙇 person bowing deeply
🙈 see-no-evil monkey
🙉 hear-no-evil monkey
🙊 speak-no-evil monkey
🙋 happy person raising one hand
🙍 person frowning
🙎 person with pouting face
🤌 pinched fingers
🤏 pinching hand
🤘 sign of the horns
🤙 call me hand
🤚 raised back of hand
🤛 left-facing fist
🤜 right-facing fist
🤝 handshake
🤞 hand with index and middle fingers crossed
🤟 i love you hand
🤰 pregnant woman
🤱 breast-feeding
🤲 palms up together
🤳 selfie
🤴 prince
🤵 man in tuxedo
🤶 mother christmas
🤸 person doing cartwheel
🤹 juggling
🦰 emoji component red hair
🦱 emoji component curly hair
🦲 emoji component bald
🦳 emoji component white hair
🦴 bone
🦵 leg
🦶 foot
🦷 tooth
🦸 superhero
🦹 supervillain
🦺 safety vest
🦻 ear with hearing aid
🦼 motorized wheelchair
🦽 manual wheelchair
🦾 mechanical arm
🦿 mechanical leg
🧀 cheese wedge
🧁 cupcake
🧂 salt shaker
🧃 beverage box
🧄 garlic
🧅 onion
🧆 falafel
🧇 waffle
🧈 butter
🧉 mate drink
🧊 ice cube
🧋 bubble tea
🧌 troll
🧍 standing person
🧎 kneeling person
🧏 deaf person
🧑 adult
🧒 child
🧓 older adult
🧔 bearded person
🧕 person with headscarf
🧖 person in steamy room
🧗 person climbing
🧘 person in lotus position
🧙 mage
🧚 fairy
🧛 vampire
🧜 merperson
🧝 elf
🫰 hand with index finger and thumb crossed
🫱 rightwards hand
🫲 leftwards hand
🫳 palm down hand
🫴 palm up hand
🫵 index pointing at the viewer
☝️ white up pointing index`,
  nature: `
⚡ high voltage
⛄ snowman without snow
⛅ sun behind cloud
🌀 cyclone
🌁 foggy
🌂 closed umbrella
🌃 night with stars
🌄 sunrise over mountains
🌅 sunrise
🌆 cityscape at dusk
🌇 sunset over buildings
🌈 rainbow
🌉 bridge at night
🌊 water wave
🌋 volcano
🌌 milky way
🌍 earth globe europe-africa
🌎 earth globe americas
🌏 earth globe asia-australia
🌐 globe with meridians
🌑 new moon symbol
🌒 waxing crescent moon symbol
🌓 first quarter moon symbol
🌔 waxing gibbous moon symbol
🌕 full moon symbol
🌖 waning gibbous moon symbol
🌗 last quarter moon symbol
🌘 waning crescent moon symbol
🌙 crescent moon
🌚 new moon with face
🌛 first quarter moon with face
🌜 last quarter moon with face
🌝 full moon with face
🌞 sun with face
🌟 glowing star
🌠 shooting star
🌰 chestnut
🌱 seedling
🌲 evergreen tree
🌳 deciduous tree
🌴 palm tree
🌵 cactus
🌷 tulip
🌸 cherry blossom
🌹 rose
🌺 hibiscus
🌻 sunflower
🌼 blossom
🌽 ear of maize
🌾 ear of rice
🌿 herb
🍀 four leaf clover
🍁 maple leaf
🍂 fallen leaf
🍃 leaf fluttering in wind
🍄 mushroom
🐀 rat
🐁 mouse
🐂 ox
🐃 water buffalo
🐄 cow
🐅 tiger
🐆 leopard
🐇 rabbit
🐈 cat
🐉 dragon
🐊 crocodile
🐋 whale
🐌 snail
🐍 snake
🐎 horse
🐏 ram
🐐 goat
🐑 sheep
🐒 monkey
🐓 rooster
🐔 chicken
🐕 dog
🐖 pig
🐗 boar
🐘 elephant
🐙 octopus
🐚 spiral shell
🐛 bug bug
🐜 ant
🐝 honeybee
🐞 lady beetle
🐟 fish
🐠 tropical fish
🐡 blowfish
🐢 turtle
🐣 hatching chick
🐤 baby chick
🐥 front-facing baby chick
🐦 bird
🐧 penguin
🐨 koala
🐩 poodle
🐪 dromedary camel
🐫 bactrian camel
🐬 dolphin
🐭 mouse face
🐮 cow face
🐯 tiger face
🐰 rabbit face
🐱 cat face
🐲 dragon face
🐳 spouting whale
🐴 horse face
🐵 monkey face
🐶 dog face
🐷 pig face
🐸 frog face
🐹 hamster face
🐺 wolf face
🐻 bear face
🐼 panda face
🐽 pig nose
🐾 paw prints
💐 bouquet
💧 droplet
🔥 fire hot
🦀 crab
🦁 lion face
🦂 scorpion
🦃 turkey
🦄 unicorn face
🦅 eagle
🦆 duck
🦇 bat
🦈 shark
🦉 owl
🦊 fox face
🦋 butterfly
🦌 deer
🦍 gorilla
🦎 lizard
🦏 rhinoceros
🦐 shrimp
🦑 squid
🦒 giraffe face
🦓 zebra face
🦔 hedgehog
🦕 sauropod
🦖 t-rex
🦗 cricket
🦘 kangaroo
🦙 llama
🦚 peacock
🦛 hippopotamus
🦜 parrot
🦝 raccoon
🦞 lobster
🦟 mosquito
🦠 microbe
🦡 badger
🦢 swan
🦣 mammoth
🦤 dodo
🦥 sloth
🦦 otter
🦧 orangutan
🦨 skunk
🦩 flamingo
🦪 oyster
🦫 beaver
🦬 bison
🦭 seal
🦮 guide dog
🦯 probing cane
🪰 fly
🪱 worm
🪲 beetle
🪳 cockroach
🪴 potted plant
🪵 wood
🪶 feather
🪷 lotus
🪸 coral
🪹 empty nest
🪺 nest with eggs
☀️ black sun with rays
☁️ cloud
❄️ snowflake
🕷️ spider`,
  food: `
☕ hot beverage coffee
🌭 hot dog
🌮 taco
🌯 burrito
🍅 tomato
🍆 aubergine
🍇 grapes
🍈 melon
🍉 watermelon
🍊 tangerine
🍋 lemon
🍌 banana
🍍 pineapple
🍎 red apple
🍏 green apple
🍐 pear
🍑 peach
🍒 cherries
🍓 strawberry
🍔 hamburger
🍕 slice of pizza food
🍖 meat on bone
🍗 poultry leg
🍘 rice cracker
🍙 rice ball
🍚 cooked rice
🍛 curry and rice
🍜 steaming bowl
🍝 spaghetti
🍞 bread
🍟 french fries
🍠 roasted sweet potato
🍡 dango
🍢 oden
🍣 sushi
🍤 fried shrimp
🍥 fish cake with swirl design
🍦 soft ice cream
🍧 shaved ice
🍨 ice cream
🍩 doughnut
🍪 cookie
🍫 chocolate bar
🍬 candy
🍭 lollipop
🍮 custard
🍯 honey pot
🍰 shortcake
🍱 bento box
🍲 pot of food
🍳 cooking
🍴 fork and knife
🍵 teacup without handle
🍶 sake bottle and cup
🍷 wine glass
🍸 cocktail glass
🍹 tropical drink
🍺 beer mug
🍻 clinking beer mugs
🍼 baby bottle
🍾 bottle with popping cork
🍿 popcorn
🎂 birthday cake birthday
🥐 croissant
🥑 avocado
🥒 cucumber
🥓 bacon
🥔 potato
🥕 carrot
🥖 baguette bread
🥗 green salad
🥘 shallow pan of food
🥙 stuffed flatbread
🥚 egg
🥛 glass of milk
🥜 peanuts
🥝 kiwifruit
🥞 pancakes
🥟 dumpling
🥠 fortune cookie
🥡 takeout box
🥢 chopsticks
🥣 bowl with spoon
🥤 cup with straw
🥥 coconut
🥦 broccoli
🥧 pie
🥨 pretzel
🥩 cut of meat
🥪 sandwich
🥫 canned food
🥬 leafy green
🥭 mango
🥮 moon cake
🥯 bagel
🫐 blueberries
🫑 bell pepper
🫒 olive
🫓 flatbread
🫔 tamale
🫕 fondue
🫖 teapot
🫗 pouring liquid
🫘 beans
🫙 jar
🌶️ hot pepper
🍽️ fork and knife with plate`,
  travel: `
⛪ church
⛲ fountain
⛵ sailboat
⛺ tent
⛽ fuel pump
🏠 house building
🏡 house with garden
🏢 office building
🏣 japanese post office
🏤 european post office
🏥 hospital
🏦 bank
🏧 automated teller machine
🏨 hotel
🏩 love hotel
🏪 convenience store
🏫 school
🏬 department store
🏭 factory
🏮 izakaya lantern
🏯 japanese castle
🏰 european castle
🗻 mount fuji
🗼 tokyo tower
🗽 statue of liberty
🗾 silhouette of japan
🗿 moyai
🚀 rocket ship launch
🚁 helicopter
🚂 steam locomotive
🚃 railway car
🚄 high-speed train
🚅 high-speed train with bullet nose
🚆 train
🚇 metro
🚈 light rail
🚉 station
🚊 tram
🚋 tram car
🚌 bus
🚍 oncoming bus
🚎 trolleybus
🚏 bus stop
🚐 minibus
🚑 ambulance
🚒 fire engine
🚓 police car
🚔 oncoming police car
🚕 taxi
🚖 oncoming taxi
🚗 automobile
🚘 oncoming automobile
🚙 recreational vehicle
🚚 delivery truck
🚛 articulated lorry
🚜 tractor
🚝 monorail
🚞 mountain railway
🚟 suspension railway
🚠 mountain cableway
🚡 aerial tramway
🚢 ship
🚣 rowboat
🚤 speedboat
🚥 horizontal traffic light
🚦 vertical traffic light
🚧 construction
🚨 police cars revolving light
🚩 triangular flag on post
🚪 door
🚫 no entry
🚬 smoking symbol
🚭 no smoking symbol
🚮 put litter in its place symbol
🚯 do not litter symbol
🚰 potable water symbol
🚱 non-potable water symbol
🚲 bicycle
🚳 no bicycles
🚴 bicyclist
🚵 mountain bicyclist
🚶 pedestrian
🚷 no pedestrians
🚸 children crossing
🚹 mens symbol
🚺 womens symbol
🚻 restroom
🚼 baby symbol
🚽 toilet
🚾 water closet
🚿 shower
🛀 bath
🛁 bathtub
🛂 passport control
🛃 customs
🛄 baggage claim
🛅 left luggage
🛌 sleeping accommodation
🛐 place of worship
🛑 octagonal
🛒 shopping trolley
🛕 hindu temple
🛖 hut
🛗 elevator
🛝 playground slide
🛞 wheel
🛟 ring buoy
🛫 airplane departure
🛬 airplane arriving
🛴 scooter
🛵 motor scooter
🛶 canoe
🛷 sled
🛸 flying saucer
🛹 skateboard
🛺 auto rickshaw
🛻 pickup truck
🛼 roller skate
✈️ airplane
🛠️ hammer and wrench`,
  activities: `
⚽ soccer ball
⚾ baseball
⛳ flag in hole
✨ sparkles shiny new
🎀 ribbon
🎁 wrapped present
🎃 jack-o-lantern
🎄 christmas tree
🎅 father christmas
🎆 fireworks
🎇 firework sparkler
🎈 balloon
🎉 party popper party congratulations hooray
🎊 confetti ball
🎋 tanabata tree
🎌 crossed flags
🎍 pine decoration
🎎 japanese dolls
🎏 carp streamer
🎐 wind chime
🎑 moon viewing ceremony
🎒 school satchel
🎓 graduation cap
🎠 carousel horse
🎡 ferris wheel
🎢 roller coaster
🎣 fishing pole and fish
🎤 microphone
🎥 movie camera
🎦 cinema
🎧 headphone
🎨 artist palette
🎩 top hat
🎪 circus tent
🎫 ticket
🎬 clapper board
🎭 performing arts
🎮 video game
🎯 direct hit
🎰 slot machine
🎱 billiards
🎲 game die
🎳 bowling
🎴 flower playing cards
🎵 musical note
🎶 multiple musical notes
🎷 saxophone
🎸 guitar
🎹 musical keyboard
🎺 trumpet
🎻 violin
🎼 musical score
🎽 running shirt with sash
🎾 tennis racquet and ball
🎿 ski and ski boot
🏀 basketball and hoop
🏁 chequered flag
🏂 snowboarder
🏃 runner
🏄 surfer
🏅 sports medal
🏆 trophy
🏇 horse racing
🏈 american football
🏉 rugby football
🏊 swimmer
🏏 cricket bat and ball
🏐 volleyball
🏑 field hockey stick and ball
🏒 ice hockey stick and puck
🏓 table tennis paddle and ball
🤺 fencer
🤼 wrestlers
🤽 water polo
🤾 handball
🤿 diving mask
🥀 wilted flower
🥁 drum with drumsticks
🥂 clinking glasses
🥃 tumbler glass
🥄 spoon
🥅 goal net
🥇 first place medal
🥈 second place medal
🥉 third place medal
🥊 boxing glove
🥋 martial arts uniform
🥌 curling stone
🥍 lacrosse stick and ball
🥎 softball
🥏 flying disc
🧩 jigsaw puzzle piece
🪀 yo-yo
🪁 kite`,
  objects: `
⌚ watch
⌛ hourglass
⏰ alarm clock time
⏳ hourglass with flowing sand
👑 crown
👒 womans hat
👓 eyeglasses
👔 necktie
👕 t-shirt
👖 jeans
👗 dress
👘 kimono
👙 bikini
👚 womans clothes
👛 purse
👜 handbag
👝 pouch
👞 mans shoe
👟 athletic shoe
👠 high-heeled shoe
👡 womans sandal
👢 womans boots
👣 footprints
👤 bust in silhouette
👥 busts in silhouette
💈 barber pole
💉 syringe
💊 pill
💋 kiss mark
💌 love letter
💍 ring
💎 gem stone
💏 kiss
💒 wedding
💠 diamond shape with a dot inside
💡 electric light bulb
💣 bomb
💩 pile of poo
💬 speech balloon
💭 thought balloon
💮 white flower
💰 money bag
💱 currency exchange
💲 heavy dollar
💳 credit card
💴 banknote with yen
💵 banknote with dollar
💶 banknote with euro
💷 banknote with pound
💸 money with wings
💹 chart with upwards trend and yen
💺 seat
💻 personal computer
💼 briefcase
💽 minidisc
💾 floppy disk
💿 optical disc
📀 dvd
📁 file folder
📂 open file folder
📃 page with curl
📄 page facing up
📅 calendar
📆 tear-off calendar
📇 card index
📈 chart with upwards trend
📉 chart with downwards trend
📊 bar chart
📋 clipboard
📌 pushpin
📍 round pushpin
📎 paperclip
📏 straight ruler
📐 triangular ruler
📑 bookmark tabs
📒 ledger
📓 notebook
📔 notebook with decorative cover
📕 closed book
📖 open book
📗 green book
📘 blue book
📙 orange book
📚 books
📛 name badge
📜 scroll
📝 memo
📞 telephone receiver
📟 pager
📠 fax machine
📡 satellite antenna
📢 public address loudspeaker
📣 cheering megaphone
📤 outbox tray
📥 inbox tray
📦 package
📨 incoming envelope
📪 closed mailbox with lowered flag
📫 closed mailbox with raised flag
📬 open mailbox with raised flag
📭 open mailbox with lowered flag
📮 postbox
📯 postal horn
📰 newspaper
📱 mobile phone
📳 vibration mode
📴 mobile phone off
📵 no mobile phones
📶 antenna with bars
📷 camera
📸 camera with flash
📹 video camera
📺 television
📻 radio
📼 videocassette
📿 prayer beads
🔋 battery
🔌 electric plug
🔍 left-pointing magnifying glass
🔎 right-pointing magnifying glass
🔏 lock with ink pen
🔐 closed lock with key
🔑 key
🔒 lock
🔓 open lock
🔔 bell
🔕 bell with cancellation stroke
🔖 bookmark
🔟 keycap ten
🔦 electric torch
🔧 wrench
🔨 hammer
🔩 nut and bolt
🔪 hocho
🔫 pistol
🔬 microscope
🔭 telescope
🔮 crystal ball
🔯 six pointed star with middle dot
🕋 kaaba
🕌 mosque
🕍 synagogue
🕎 menorah with nine branches
🕐 clock face one oclock
🕑 clock face two oclock
🕒 clock face three oclock
🕓 clock face four oclock
🕔 clock face five oclock
🕕 clock face six oclock
🕖 clock face seven oclock
🕗 clock face eight oclock
🕘 clock face nine oclock
🕙 clock face ten oclock
🕚 clock face eleven oclock
🕛 clock face twelve oclock
🕜 clock face one-thirty
🕝 clock face two-thirty
🕞 clock face three-thirty
🕟 clock face four-thirty
🕠 clock face five-thirty
🕡 clock face six-thirty
🕢 clock face seven-thirty
🕣 clock face eight-thirty
🕤 clock face nine-thirty
🕥 clock face ten-thirty
🕦 clock face eleven-thirty
🕧 clock face twelve-thirty
🧠 brain
🧢 billed cap
🧣 scarf
🧤 gloves
🧥 coat
🧦 socks
🧧 red gift envelope
🧨 firecracker
🧪 test tube
🧫 petri dish
🧬 dna double helix
🧭 compass
🧮 abacus
🧯 fire extinguisher
🧰 toolbox
🧱 brick
🧲 magnet
🧳 luggage
🧴 lotion bottle
🧵 spool of thread
🧶 ball of yarn
🧷 safety pin
🧸 teddy bear
🧹 broom
🧺 basket
🧻 roll of paper
🧼 bar of soap
🧽 sponge
🧾 receipt
🧿 nazar amulet
🩰 ballet shoes
🩱 one-piece swimsuit
🩲 briefs
🩳 shorts
🩴 thong sandal
🩸 drop of blood
🩹 adhesive bandage
🩺 stethoscope
🩻 x-ray
🩼 crutch
🪂 parachute
🪃 boomerang
🪄 magic wand
🪅 pinata
🪆 nesting dolls
🪐 ringed planet
🪑 chair
🪒 razor
🪓 axe
🪔 diya lamp
🪕 banjo
🪖 military helmet
🪗 accordion
🪘 long drum
🪙 coin
🪚 carpentry saw
🪛 screwdriver
🪜 ladder
🪝 hook
🪞 mirror
🪟 window
🪠 plunger
🪡 sewing needle
🪢 knot
🪣 bucket
🪤 mouse trap
🪥 toothbrush
🪦 headstone
🪧 placard
🪨 rock
🪩 mirror ball
🪪 identification card
🪫 low battery
🪬 hamsa
✉️ envelope
✏️ pencil
✂️ black scissors
☎️ black telephone
⌨️ keyboard
🗑️ wastebasket
🗓️ spiral calendar pad
📽️ film projector`,
  symbols: `
⏩ black right-pointing double triangle
⏪ black left-pointing double triangle
⏫ black up-pointing double triangle
⏬ black down-pointing double triangle
◽ white medium small square
◾ black medium small square
☔ umbrella with rain drops
♈ aries
♉ taurus
♊ gemini
♋ cancer
♌ leo
♍ virgo
♎ libra
♏ scorpius
♐ sagittarius
♑ capricorn
♒ aquarius
♓ pisces
♿ wheelchair symbol
⚓ anchor
⚪ medium white circle
⚫ medium black circle
⛎ ophiuchus
⛔ no entry
✅ check mark done yes ok
❌ cross mark no
❎ negative cross mark
❓ black question mark ornament
❔ white question mark ornament
❕ white exclamation mark ornament
❗ heavy exclamation mark symbol
➕ heavy plus
➖ heavy minus
➗ heavy division
➰ curly loop
➿ double curly loop
⬛ black large square
⬜ white large square
⭐ white medium star
⭕ heavy large circle
🆒 cool
🆕 new
🆗 ok
🆘 sos
🆙 up with exclamation mark
🆚 vs
🏴 waving black flag
🏸 badminton racquet and shuttlecock
🏹 bow and arrow
🏺 amphora
💢 anger symbol
💤 sleeping symbol
💥 collision symbol
💦 splashing sweat symbol
💨 dash symbol
💫 dizzy symbol
💯 hundred points symbol hundred
📧 e-mail symbol
📩 envelope with downwards arrow above
📲 mobile phone with rightwards arrow at left
🔀 twisted rightwards arrows
🔁 clockwise rightwards and leftwards open circle arrows
🔂 clockwise rightwards and leftwards open circle arrows with circled one overlay
🔃 clockwise downwards and upwards open circle arrows
🔄 anticlockwise downwards and upwards open circle arrows
🔅 low brightness symbol
🔆 high brightness symbol
🔇 speaker with cancellation stroke
🔈 speaker
🔉 speaker with one sound wave
🔊 speaker with three sound waves
🔗 link symbol
🔘 radio button
🔙 back with leftwards arrow above
🔚 end with leftwards arrow above
🔛 on with exclamation mark with left right arrow above
🔜 soon with rightwards arrow above
🔝 top with upwards arrow above
🔞 no one under eighteen symbol
🔠 input symbol for latin capital letters
🔡 input symbol for latin small letters
🔢 input symbol for numbers
🔣 input symbol for symbols
🔤 input symbol for latin letters
🔰 japanese symbol for beginner
🔱 trident emblem
🔲 black square button
🔳 white square button
🔴 large red circle
🔵 large blue circle
🔶 large orange diamond
🔷 large blue diamond
🔸 small orange diamond
🔹 small blue diamond
🔺 up-pointing red triangle
🔻 down-pointing red triangle
🔼 up-pointing small red triangle
🔽 down-pointing small red triangle
🕺 man dancing
🟠 large orange circle
🟡 large yellow circle
🟢 large green circle
🟣 large purple circle
🟤 large brown circle
🟥 large red square
🟦 large blue square
🟧 large orange square
🟨 large yellow square
🟩 large green square
🟪 large purple square
🟫 large brown square
🟰 heavy equals
🥻 sari
🥼 lab coat
🥽 goggles
🥾 hiking boot
🥿 flat shoe
🧞 genie
🧟 zombie
🫁 lungs
🫂 people hugging
🫃 pregnant man
🫄 pregnant person
🫅 person with crown
🫦 biting lip
🫧 bubbles
⚠️ warning careful
✔️ heavy check mark
✖️ heavy multiplication x
‼️ double exclamation mark
⁉️ exclamation question mark`,
};
