# letter: plain
# from: bob@surgery.test
# want: file Clinic/Rota
require "fileinto"; fileinto "Clinic/Rota";
